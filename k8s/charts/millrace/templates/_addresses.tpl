{{/* The addresses that clients are given. */}}

{{/* The edge of HTTP that is used: Ingress or HTTPRoute, as YAML with host, signalingHost, tls. */}}
{{- define "millrace.front" -}}
{{- if .Values.ingress.enabled -}}
{{ dict "host" .Values.ingress.host "signalingHost" .Values.ingress.signalingHost "tls" .Values.ingress.tls.enabled | toYaml }}
{{- else if .Values.httpRoute.enabled -}}
{{ dict "host" .Values.httpRoute.host "signalingHost" .Values.httpRoute.signalingHost "tls" .Values.httpRoute.tls | toYaml }}
{{- else -}}
{{ dict "host" "" "signalingHost" "" "tls" false | toYaml }}
{{- end -}}
{{- end -}}

{{- define "millrace.publicUrl" -}}
{{- $front := include "millrace.front" . | fromYaml -}}
{{- if .Values.public.url -}}{{ trimSuffix "/" .Values.public.url }}
{{- else if $front.host -}}{{ ternary "https" "http" $front.tls }}://{{ $front.host }}
{{- else -}}http://localhost:8080
{{- end -}}
{{- end -}}

{{- define "millrace.publicSignalingUrl" -}}
{{- $front := include "millrace.front" . | fromYaml -}}
{{- if .Values.public.signalingUrl -}}{{ .Values.public.signalingUrl }}
{{- else if $front.signalingHost -}}{{ ternary "wss" "ws" $front.tls }}://{{ $front.signalingHost }}/v1/rooms
{{- else -}}ws://localhost:8081/v1/rooms
{{- end -}}
{{- end -}}

{{- define "millrace.publicRtmpUrl" -}}
{{- $rtmp := .Values.rtmp -}}
{{- if .Values.public.rtmpUrl -}}{{ .Values.public.rtmpUrl }}
{{- else if not $rtmp.host -}}rtmp://localhost:1935/live
{{- else if $rtmp.tls.existingSecret -}}rtmps://{{ $rtmp.host }}:{{ include "millrace.rtmpPort" (list . "tlsPort" "tlsNodePort") }}/live
{{- else -}}rtmp://{{ $rtmp.host }}:{{ include "millrace.rtmpPort" (list . "port" "nodePort") }}/live
{{- end -}}
{{- end -}}

{{/* The port that encoders connect to: of the Service, or of the nodes. */}}
{{- define "millrace.rtmpPort" -}}
{{- $rtmp := (index . 0).Values.rtmp -}}
{{- int64 (get $rtmp (index . (ternary 2 1 (eq $rtmp.expose "nodePort")))) -}}
{{- end -}}

{{/*
STUN and TURN, separated by commas, whether this release runs the relay or another one; nothing when no host is known, since a
gateway's own default is for one machine alone. With portPerReplica each pod has a port of its own.
*/}}
{{- define "millrace.iceUrls" -}}
{{- $turn := .Values.turn -}}
{{- $service := include "millrace.service" (dict "root" . "name" "turn") | fromYaml -}}
{{- $urls := list -}}
{{- $replicas := ternary (int64 $service.replicas) 1 (eq $turn.mode "portPerReplica") -}}
{{- range $host := $turn.hosts -}}
{{- range $i := until (int $replicas) -}}
{{- $at := printf "%s:%d" $host (add $turn.port $i) -}}
{{- $urls = concat $urls (list (printf "stun:%s" $at) (printf "turn:%s?transport=udp" $at) (printf "turn:%s?transport=tcp" $at)) -}}
{{- if $turn.tls.existingSecret -}}
{{- $urls = append $urls (printf "turns:%s:%d?transport=tcp" $host (add $turn.tlsPort $i)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- join "," $urls -}}
{{- end -}}
