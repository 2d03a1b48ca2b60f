{{/* NATS, Redis and PostgreSQL: where they are, and which Secret has what. */}}

{{/* Whether services log in under their own names; then this is not empty. Give it root, name. */}}
{{- define "millrace.userPerService" -}}
{{- if ne .name "postgres" -}}
{{- $backend := get .root.Values .name -}}
{{- if (get .root.Values.dev .name).enabled -}}
true
{{- else if $backend.userPerService -}}
{{- if or $backend.urlKey (not $backend.existingSecret) -}}
{{- fail (printf "%s.userPerService: needs %s.url without a user, and in %s.existingSecret a password for each service under its name; %s.urlKey does not go with it" .name .name .name .name) -}}
{{- end -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The environment for one of them. Give it root, name, and the service that asks. Every line is an entry of a list of variables. */}}
{{- define "millrace.backendEnv" -}}
{{- $root := .root -}}
{{- $from := get (dict "postgres" "DATABASE" "nats" "NATS" "redis" "REDIS") .name -}}
{{- $backend := get $root.Values .name -}}
{{- $dev := (get $root.Values.dev .name).enabled -}}
{{- if and (not $dev) $backend.urlKey }}
- name: MILLRACE_{{ $from }}_URL_FILE
  value: /run/secrets/millrace/{{ .name }}-url
{{- else }}
- name: MILLRACE_{{ $from }}_URL
  value: {{ include "millrace.backendUrl" . | quote }}
{{- if or $backend.existingSecret $dev }}
- name: MILLRACE_{{ $from }}_PASSWORD_FILE
  value: /run/secrets/millrace/{{ .name }}-password
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.backendUrl" -}}
{{- $values := .root.Values -}}
{{- $full := include "millrace.fullname" .root -}}
{{- if eq .name "postgres" -}}
{{- $host := ternary (printf "%s-postgres" $full) $values.postgres.host $values.dev.postgres.enabled -}}
{{- if not $host -}}
{{- fail "postgres: say where the database is: postgres.host, or postgres.existingSecret with postgres.urlKey; for a trial use values-dev.yaml" -}}
{{- end -}}
{{- $options := ternary "" (printf "?%s" $values.postgres.options) (eq $values.postgres.options "") -}}
{{- printf "postgres://%s@%s:%d/%s%s" (urlquery $values.postgres.user) $host (int64 $values.postgres.port) $values.postgres.database $options -}}
{{- else -}}
{{- $url := ternary (printf "%s://%s-%s:%d" .name $full .name (ternary 4222 6379 (eq .name "nats"))) (get $values .name).url (get $values.dev .name).enabled -}}
{{- if not $url -}}
{{- fail (printf "%s: say where it is: %s.url, or %s.existingSecret with %s.urlKey; for a trial use values-dev.yaml" .name .name .name .name) -}}
{{- end -}}
{{- if include "millrace.userPerService" . -}}
{{- if contains "@" $url }}{{ fail (printf "%s.url: names a user; with %s.userPerService each service is one" .name .name) }}{{ end -}}
{{- $url = regexReplaceAll "^([a-z]+://)" $url (printf "${1}%s@" .service) -}}
{{- end -}}
{{- $url -}}
{{- end -}}
{{- end -}}

{{/* What of the Secrets of one of them is mounted: an entry of a projected volume, or nothing. */}}
{{- define "millrace.backendSource" -}}
{{- $backend := get .root.Values .name -}}
{{- $dev := (get .root.Values.dev .name).enabled -}}
{{- if and $dev (eq .name "postgres") }}
- secret:
    name: {{ include "millrace.fullname" .root }}-postgres
    items: [{ key: password, path: postgres-password }]
{{- else if $dev }}
- secret:
    name: {{ include "millrace.fullname" .root }}-access
    items: [{ key: {{ .name }}-{{ .service }}, path: {{ .name }}-password }]
{{- else if $backend.existingSecret }}
- secret:
    name: {{ $backend.existingSecret }}
    items:
      - key: {{ ternary .service (default $backend.passwordKey $backend.urlKey) (ne (include "millrace.userPerService" .) "") | quote }}
        path: {{ .name }}-{{ ternary "url" "password" (ne $backend.urlKey "") }}
{{- end }}
{{- end -}}
