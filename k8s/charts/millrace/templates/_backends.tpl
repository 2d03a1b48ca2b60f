{{/* NATS, Redis and PostgreSQL: where they are, and which Secret has what. */}}

{{/* The environment for one of them. Give it root, name. Every line is an entry of a list of variables. */}}
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
{{- if or $backend.existingSecret (and $dev (eq .name "postgres")) }}
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
{{- else if and (not $dev) $backend.existingSecret }}
- secret:
    name: {{ $backend.existingSecret }}
    items:
      - key: {{ default $backend.passwordKey $backend.urlKey | quote }}
        path: {{ .name }}-{{ ternary "url" "password" (ne $backend.urlKey "") }}
{{- end }}
{{- end -}}
