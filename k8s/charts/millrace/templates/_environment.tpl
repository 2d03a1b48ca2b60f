{{/* The settings of one service, by the names of its environment variables: what the chart decides, then what the operator does. */}}

{{- define "millrace.settings" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $settings := dict "MILLRACE_LOG_LEVEL" $values.logLevel "MILLRACE_STOP_GRACE_MS" (mul .service.stopSeconds 1000) -}}
{{- with .service.drain -}}
{{- if .lag }}{{ $_ := set $settings "MILLRACE_DRAIN_READINESS_LAG_MS" (mul .readinessLagSeconds 1000) }}{{ end -}}
{{- if .setting }}{{ $_ := set $settings .setting (mul .seconds 1000) }}{{ end -}}
{{- if .spread }}{{ $_ := set $settings .spread (mul .spreadSeconds 1000) }}{{ end -}}
{{- end -}}
{{- if $values.podDeletionCost.enabled }}{{ $_ := set $settings "MILLRACE_POD_DELETION_COST" true }}{{ end -}}
{{- if not (and (eq .name "turn") (eq $values.turn.mode "hostNetwork")) -}}
{{- $_ := set $settings "MILLRACE_METRICS_HOST" $values.listenHost -}}
{{- end -}}
{{- $certificate := include "millrace.tlsSecret" . -}}
{{- if $certificate -}}
{{- $_ := set $settings .service.tls.certificate "/run/tls/tls.crt" -}}
{{- $_ := set $settings .service.tls.key "/run/tls/tls.key" -}}
{{- end -}}
{{- include (printf "millrace.settings.%s" .name) (dict "root" $root "settings" $settings) -}}
{{- range $variable, $value := .service.settings -}}
{{- if hasKey $settings $variable -}}
{{- fail (printf "services.%s.settings.%s: the chart sets this one itself, from other values" $.name $variable) -}}
{{- end -}}
{{- if hasSuffix "_FILE" $variable -}}
{{- fail (printf "services.%s.settings.%s: files are mounted from Secrets; use the existingSecret values" $.name $variable) -}}
{{- end -}}
{{- include "millrace.checks.setting" (dict "root" $root "name" $.name "variable" $variable) -}}
{{- $_ := set $settings $variable $value -}}
{{- end -}}
{{- range $variable, $value := $settings }}
{{ $variable }}: {{ include "millrace.text" $value | quote }}
{{- end -}}
{{- end -}}

{{/* The name of the ConfigMap with these settings. */}}
{{- define "millrace.configName" -}}
{{- printf "%s-%s-%s" (include "millrace.fullname" .root) .name (include "millrace.settings" . | sha256sum | trunc 8) -}}
{{- end -}}

{{/* What its ConfigMaps end with, once that exists: the workload itself. */}}
{{- define "millrace.configOwner" -}}
{{- $kind := include "millrace.workloadKind" . -}}
{{- $name := printf "%s-%s" (include "millrace.fullname" .root) .name -}}
{{- with (lookup "apps/v1" $kind .root.Release.Namespace $name).metadata -}}
- { apiVersion: apps/v1, kind: {{ $kind }}, name: {{ $name }}, uid: {{ .uid }} }
{{- end -}}
{{- end -}}

{{- define "millrace.settings.gateway" -}}
{{- $values := .root.Values -}}
{{- $_ := set .settings "MILLRACE_HTTP_HOST" $values.listenHost -}}
{{- $_ := set .settings "MILLRACE_DATABASE_MIGRATE" (eq $values.migrations.mode "gateway") -}}
{{- $_ := set .settings "MILLRACE_PUBLIC_URL" (include "millrace.publicUrl" .root) -}}
{{- $_ := set .settings "MILLRACE_PUBLIC_RTMP_URL" (include "millrace.publicRtmpUrl" .root) -}}
{{- if has "rtsp-edge" (include "millrace.enabled" .root | splitList ",") -}}
{{- $_ := set .settings "MILLRACE_PUBLIC_RTSP_URL" (include "millrace.publicRtspUrl" .root) -}}
{{- end -}}
{{- if has "srt-edge" (include "millrace.enabled" .root | splitList ",") -}}
{{- $_ := set .settings "MILLRACE_PUBLIC_SRT_URL" (include "millrace.publicSrtUrl" .root) -}}
{{- end -}}
{{- $_ := set .settings "MILLRACE_PUBLIC_SIGNALING_URL" (include "millrace.publicSignalingUrl" .root) -}}
{{- $_ := set .settings "MILLRACE_ICE_URLS" (include "millrace.iceUrls" .root) -}}
{{- if $values.ingress.enabled -}}
{{- $_ := set .settings "MILLRACE_HTTP_TRUSTED_PROXIES" (join "," $values.ingress.trustedProxyRanges) -}}
{{- else if $values.httpRoute.enabled -}}
{{- $_ := set .settings "MILLRACE_HTTP_TRUSTED_PROXIES" (join "," $values.httpRoute.trustedProxyRanges) -}}
{{- end -}}
{{- end -}}

{{- define "millrace.settings.rtmp-edge" -}}
{{- /* Both families, whatever the pods have: an edge falls back to IPv4 by itself. */ -}}
{{- $_ := set .settings "MILLRACE_RTMP_HOST" "::" -}}
{{- if .root.Values.rtmp.proxyProtocol.enabled -}}
{{- $_ := set .settings "MILLRACE_RTMP_PROXY_PROTOCOL" true -}}
{{- $_ := set .settings "MILLRACE_RTMP_PROXY_FROM" (join "," .root.Values.rtmp.proxyProtocol.from) -}}
{{- end -}}
{{- end -}}

{{- define "millrace.settings.rtsp-edge" -}}
{{- $_ := set .settings "MILLRACE_RTSP_HOST" "::" -}}
{{- if .root.Values.rtsp.proxyProtocol.enabled -}}
{{- $_ := set .settings "MILLRACE_RTSP_PROXY_PROTOCOL" true -}}
{{- $_ := set .settings "MILLRACE_RTSP_PROXY_FROM" (join "," .root.Values.rtsp.proxyProtocol.from) -}}
{{- end -}}
{{- end -}}

{{- define "millrace.settings.srt-edge" -}}
{{- $_ := set .settings "MILLRACE_SRT_HOST" "::" -}}
{{- end -}}

{{- define "millrace.settings.packager" -}}{{- end -}}

{{- define "millrace.settings.signaling" -}}
{{- $values := .root.Values -}}
{{- $_ := set .settings "MILLRACE_SIGNALING_HOST" $values.listenHost -}}
{{- $origins := $values.public.allowedOrigins -}}
{{- if not $origins -}}
{{- $url := urlParse (include "millrace.publicUrl" .root) -}}
{{- $origins = list (printf "%s://%s" $url.scheme $url.host) -}}
{{- end -}}
{{- $_ := set .settings "MILLRACE_SIGNALING_ALLOWED_ORIGINS" (join "," $origins) -}}
{{- if $values.ingress.enabled -}}
{{- $_ := set .settings "MILLRACE_SIGNALING_TRUSTED_PROXIES" $values.ingress.trustedProxies -}}
{{- else if $values.httpRoute.enabled -}}
{{- $_ := set .settings "MILLRACE_SIGNALING_TRUSTED_PROXIES" $values.httpRoute.trustedProxies -}}
{{- end -}}
{{- end -}}

{{- define "millrace.settings.turn" -}}
{{- $turn := .root.Values.turn -}}
{{- if eq $turn.mode "hostNetwork" -}}
{{- $_ := set .settings "MILLRACE_TURN_PORT" $turn.port -}}
{{- $_ := set .settings "MILLRACE_TURN_TLS_PORT" $turn.tlsPort -}}
{{- end -}}
{{- if $turn.allowedPeers }}{{ $_ := set .settings "MILLRACE_TURN_ALLOWED_PEERS" (join "," $turn.allowedPeers) }}{{ end -}}
{{- if $turn.deniedPeers }}{{ $_ := set .settings "MILLRACE_TURN_DENIED_PEERS" (join "," $turn.deniedPeers) }}{{ end -}}
{{- if eq $turn.mode "portPerReplica" -}}
{{- $_ := set .settings "MILLRACE_TURN_RELAY_PORT_MAX" (sub (add $turn.relayPorts.min $turn.relayPorts.perReplica) 1) -}}
{{- else -}}
{{- $_ := set .settings "MILLRACE_TURN_RELAY_PORT_MAX" $turn.relayPorts.max -}}
{{- end -}}
{{- $_ := set .settings "MILLRACE_TURN_RELAY_PORT_MIN" $turn.relayPorts.min -}}
{{- if $turn.publicAddress }}{{ $_ := set .settings "MILLRACE_TURN_PUBLIC_ADDRESS" $turn.publicAddress }}{{ end -}}
{{- end -}}
