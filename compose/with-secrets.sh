#!/bin/sh
# Puts the generated secrets into the environment and becomes the program that is given.
set -eu
password=$(cat /secrets/postgres-password)
MILLRACE_OPERATOR_KEY=$(cat /secrets/operator-key)
MILLRACE_KEY_PEPPER=$(cat /secrets/key-pepper)
MILLRACE_DATABASE_URL="postgres://millrace:$password@postgres:5432/millrace"
export MILLRACE_OPERATOR_KEY MILLRACE_KEY_PEPPER MILLRACE_DATABASE_URL
exec "$@"
