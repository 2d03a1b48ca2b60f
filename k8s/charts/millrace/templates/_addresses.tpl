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

{{/* Where encoders publish. Give it the root, the name of the values such as rtmp, and the port of a pod. */}}
{{- define "millrace.edgeUrl" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $public := get $root.Values $name -}}
{{- $given := get $root.Values.public (printf "%sUrl" $name) -}}
{{- if $given -}}{{ $given }}
{{- else if not $public.host -}}{{ $name }}://localhost:{{ index . 2 }}/live
{{- else if $public.tls.existingSecret -}}{{ $name }}s://{{ $public.host }}:{{ include "millrace.edgePort" (list $public "tlsPort" "tlsNodePort") }}/live
{{- else -}}{{ $name }}://{{ $public.host }}:{{ include "millrace.edgePort" (list $public "port" "nodePort") }}/live
{{- end -}}
{{- end -}}

{{- define "millrace.publicRtmpUrl" -}}{{ include "millrace.edgeUrl" (list . "rtmp" 1935) }}{{- end -}}

{{- define "millrace.publicRtspUrl" -}}{{ include "millrace.edgeUrl" (list . "rtsp" 8554) }}{{- end -}}

{{/* Without a path: the stream id says what is wanted. */}}
{{- define "millrace.publicSrtUrl" -}}
{{- $srt := .Values.srt -}}
{{- if .Values.public.srtUrl -}}{{ .Values.public.srtUrl }}
{{- else if not $srt.host -}}srt://localhost:8890
{{- else -}}srt://{{ $srt.host }}:{{ include "millrace.edgePort" (list $srt "port" "nodePort") }}
{{- end -}}
{{- end -}}

{{/* The port that clients connect to: of the Service, or of the nodes. */}}
{{- define "millrace.edgePort" -}}
{{- $public := index . 0 -}}
{{- int64 (get $public (index . (ternary 2 1 (eq $public.expose "nodePort")))) -}}
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
