// openapi-python-client in a virtual environment of its own, with which a test makes the Python client of the REST API.
import { join } from 'node:path';
import { PythonEnvironment } from '../python-environment/index.ts';

/** Its module `openapi_python_client` is the generator; `ruff`, with which that formats what it makes, is beside it. */
export const PYTHON_CLIENT = new PythonEnvironment(
  'python-client',
  'openapi-python-client',
  join(import.meta.dirname, 'requirements.txt'),
);
