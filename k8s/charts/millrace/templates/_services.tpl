{{/* The table of services, and what the values say about one of them. */}}

{{/* What holds for one service, as YAML: its row of services.yaml, what values.yaml says for all, and for it. Give it root, name. */}}
{{- define "millrace.service" -}}
{{- $row := get (.root.Files.Get "services.yaml" | fromYaml) .name -}}
{{- $values := mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (default dict (get .root.Values.services .name))) -}}
{{- merge $values $row | toYaml -}}
{{- end -}}

{{/* The names of the services that are enabled, separated by commas. */}}
{{- define "millrace.enabled" -}}
{{- $names := list -}}
{{- range $name := keys (.Files.Get "services.yaml" | fromYaml) | sortAlpha -}}
{{- $service := include "millrace.service" (dict "root" $ "name" $name) | fromYaml -}}
{{- if $service.enabled }}{{ $names = append $names $name }}{{ end -}}
{{- end -}}
{{- join "," $names -}}
{{- end -}}

{{/* A value as the text of an environment variable: Helm holds whole numbers as floating point, and prints large ones as 1e+06. */}}
{{- define "millrace.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ toString . }}{{- end -}}
{{- end -}}

{{- define "millrace.image" -}}
{{- $repository := default (printf "%s/%s" .root.Values.image.repository .name) .image.repository -}}
{{- with .root.Values.image.registry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- $tag := coalesce .image.tag .root.Values.image.tag .root.Chart.AppVersion -}}
{{- if .image.digest -}}{{ $repository }}@{{ .image.digest }}{{- else -}}{{ $repository }}:{{ $tag }}{{- end -}}
{{- end -}}

{{/* How long a pod may take to stop, in seconds: the readiness lag, the drain, what comes after, and some for the kubelet. */}}
{{- define "millrace.gracePeriod" -}}
{{- $drain := .service.drain -}}
{{- $needed := add .service.stopSeconds 5 -}}
{{- if $drain.lag }}{{ $needed = add $needed $drain.readinessLagSeconds }}{{ end -}}
{{- if $drain.setting }}{{ $needed = add $needed $drain.seconds }}{{ end -}}
{{- if $drain.spread }}{{ $needed = add $needed $drain.spreadSeconds }}{{ end -}}
{{- $given := .service.terminationGracePeriodSeconds -}}
{{- if $given -}}
{{- if lt (int64 $given) (int64 $needed) -}}
{{- fail (printf "services.%s.terminationGracePeriodSeconds is %d, but its drain takes up to %d: leave it out, or shorten drain.seconds" .name (int64 $given) (int64 $needed)) -}}
{{- end -}}
{{- $needed = $given -}}
{{- end -}}
{{- int64 $needed -}}
{{- end -}}

{{/* Whether this service has a certificate: the name of its Secret. */}}
{{- define "millrace.tlsSecret" -}}
{{- if eq .name "gateway" -}}{{ .root.Values.http.tls.existingSecret }}
{{- else if eq .name "rtmp-edge" -}}{{ .root.Values.rtmp.tls.existingSecret }}
{{- else if eq .name "rtsp-edge" -}}{{ .root.Values.rtsp.tls.existingSecret }}
{{- else if eq .name "turn" -}}{{ .root.Values.turn.tls.existingSecret }}
{{- end -}}
{{- end -}}

{{/* A pod that has ports of its own has to keep its number. */}}
{{- define "millrace.workloadKind" -}}
{{- ternary "StatefulSet" "Deployment" (and (eq .name "turn") (eq .root.Values.turn.mode "portPerReplica")) -}}
{{- end -}}
