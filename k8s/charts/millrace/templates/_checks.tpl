{{/* What cannot work is refused here, with a sentence, where the schema cannot say it. */}}

{{- define "millrace.checks" -}}
{{- if and .Values.networkPolicy.enabled .Values.metrics.serviceMonitor.enabled (not .Values.networkPolicy.metricsFrom) -}}
{{- fail "networkPolicy.metricsFrom: name the namespace of the Prometheus that metrics.serviceMonitor is for; empty lets in none but pods of this namespace" -}}
{{- end -}}
{{- $turn := .Values.turn -}}
{{- range $name := keys .Values.services -}}
{{- if not (hasKey ($.Files.Get "services.yaml" | fromYaml) $name) -}}
{{- fail (printf "services.%s: there is no such service" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name := include "millrace.enabled" . | splitList "," -}}
{{- $service := include "millrace.service" (dict "root" $ "name" $name) | fromYaml -}}
{{- $scaling := $service.autoscaling -}}
{{- $scaled := or $scaling.hpa.enabled $scaling.keda.enabled -}}
{{- if and $scaling.hpa.enabled $scaling.keda.enabled -}}
{{- fail (printf "services.%s.autoscaling: enable hpa or keda, not both: they would scale against each other" $name) -}}
{{- end -}}
{{- if and $scaled $scaling.cpuPercent (not (dig "requests" "cpu" "" $service.resources)) -}}
{{- fail (printf "services.%s.autoscaling: cpuPercent is a part of what is requested: set resources.requests.cpu, or cpuPercent to 0" $name) -}}
{{- end -}}
{{- if and $scaled (lt (int64 $scaling.maxReplicas) (int64 $scaling.minReplicas)) -}}
{{- fail (printf "services.%s.autoscaling: maxReplicas is below minReplicas" $name) -}}
{{- end -}}
{{- if and (eq (toString $service.updateStrategy.maxSurge) "0") (eq (toString $service.updateStrategy.maxUnavailable) "0") -}}
{{- fail (printf "services.%s.updateStrategy: with both at 0 no pod can ever be replaced" $name) -}}
{{- end -}}
{{- with $service.public -}}{{ include "millrace.checks.public" (dict "root" $ "name" . "service" $service "scaled" $scaled) }}{{- end -}}
{{- if eq $name "turn" -}}{{ include "millrace.checks.turn" (dict "root" $ "service" $service "scaled" $scaled) }}{{- end -}}
{{- if eq $name "gateway" -}}{{ include "millrace.checks.gateway" $ }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A setting must be one that the service reads, and none of those on which ports, mounts and probes depend. */}}
{{- define "millrace.checks.setting" -}}
{{- $known := .root.Files.Get "settings.yaml" | fromYaml -}}
{{- if has .variable $known.decidedByChart -}}
{{- fail (printf "services.%s.settings.%s: ports, mounts and probes of the chart depend on it; it cannot be set here" .name .variable) -}}
{{- end -}}
{{- if not (has .variable (get $known.services .name)) -}}
{{- fail (printf "services.%s.settings.%s: %s has no such setting (.env.example lists them)" .name .variable .name) -}}
{{- end -}}
{{- end -}}

{{- define "millrace.checks.gateway" -}}
{{- if and (eq .Values.migrations.mode "hook") .Values.dev.postgres.enabled -}}
{{- fail "migrations.mode hook runs before anything is installed, and dev.postgres would be installed after it: use migrations.mode gateway" -}}
{{- end -}}
{{- if and .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- fail "ingress and httpRoute: enable one of them" -}}
{{- end -}}
{{- $front := include "millrace.front" . | fromYaml -}}
{{- if and $front.host (eq $front.host $front.signalingHost) -}}
{{- fail "signalingHost must be another host than host: /v1/rooms is a path of both REST and signaling" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: name the Gateway to attach to" -}}
{{- end -}}
{{- end -}}

{{- define "millrace.checks.public" -}}
{{- $name := .name -}}
{{- $public := get .root.Values $name -}}
{{- $url := get .root.Values.public (printf "%sUrl" $name) -}}
{{- $outside := ne $public.expose "clusterIP" -}}
{{- if and $outside (eq $public.externalTrafficPolicy "Local") (not .service.spread.enabled) -}}
{{- fail (printf "%s.externalTrafficPolicy Local: nodes without a pod drop what they are sent, so services.%s-edge.spread must be enabled; or use Cluster, and lose the addresses of clients" $name $name) -}}
{{- end -}}
{{- if and $outside (eq $public.externalTrafficPolicy "Local") (not .scaled) (lt (int64 .service.replicas) 2) -}}
{{- fail (printf "%s.externalTrafficPolicy Local with one replica: while its pod moves no node answers clients; use two replicas, or Cluster" $name) -}}
{{- end -}}
{{- if and (eq $public.expose "nodePort") $public.host (not $url) -}}
{{- $wanted := ternary "tlsNodePort" "nodePort" (ne (dig "tls" "existingSecret" "" $public) "") -}}
{{- if not (get $public $wanted) -}}
{{- fail (printf "%s.%s: encoders are told this port, and the cluster would choose a random one: set it (30000 to 32767 by default), or public.%sUrl" $name $wanted $name) -}}
{{- end -}}
{{- end -}}
{{- range $route := list "tcpRoute" "udpRoute" -}}
{{- $given := get $public $route -}}
{{- if and $given $given.enabled (not $given.parentRefs) -}}
{{- fail (printf "%s.%s.parentRefs: name the Gateway to attach to" $name $route) -}}
{{- end -}}
{{- end -}}
{{- if and $public.proxyProtocol $public.proxyProtocol.enabled (not $public.proxyProtocol.from) -}}
{{- fail (printf "%s.proxyProtocol.from: say which addresses are believed, or any peer could claim any address" $name) -}}
{{- end -}}
{{- end -}}

{{- define "millrace.checks.turn" -}}
{{- $turn := .root.Values.turn -}}
{{- range $key := list "port" "tlsPort" -}}
{{- $port := int64 (get $turn $key) -}}
{{- if and (lt $port 1024) (not (has $port (list (int64 53) (int64 80) (int64 443)))) -}}
{{- fail (printf "turn.%s %d: Chrome refuses TURN on ports below 1024 other than 53, 80 and 443" $key $port) -}}
{{- end -}}
{{- if and (eq $turn.mode "hostNetwork") (lt $port 1024) -}}
{{- fail (printf "turn.%s %d: on the node's own network a process that is not root cannot open it; use 1024 or more, or another turn.mode" $key $port) -}}
{{- end -}}
{{- end -}}
{{- if $turn.routes.enabled -}}
{{- if not $turn.routes.parentRefs -}}
{{- fail "turn.routes.parentRefs: name the Gateway to attach to" -}}
{{- end -}}
{{- if not (and (eq $turn.mode "loadBalancer") (eq $turn.expose "clusterIP")) -}}
{{- fail "turn.routes: a Gateway stands in front of one Service; use turn.mode loadBalancer with turn.expose clusterIP" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $turn.mode "portPerReplica") (eq $turn.expose "clusterIP") -}}
{{- fail "turn.expose clusterIP: with portPerReplica clients connect to a load balancer" -}}
{{- end -}}
{{- if eq $turn.mode "hostNetwork" -}}
{{- if ne (toString .service.updateStrategy.maxSurge) "0" -}}
{{- fail "services.turn.updateStrategy.maxSurge: with turn.mode hostNetwork a new pod cannot have the ports of the old one: 0" -}}
{{- end -}}
{{- if and $turn.publicAddress (or .scaled (gt (int64 .service.replicas) 1)) -}}
{{- fail "turn.publicAddress is the address of one node: with more replicas leave it out, and give nodes public addresses, or use another turn.mode" -}}
{{- end -}}
{{- else if eq $turn.mode "loadBalancer" -}}
{{- if ne $turn.peers "relayed" -}}
{{- fail "turn.mode loadBalancer: relays have the addresses of pods, which only other relays reach. Set turn.peers to relayed if all clients use iceTransportPolicy relay; else use hostNetwork or portPerReplica" -}}
{{- end -}}
{{- if not $turn.allowedPeers -}}
{{- fail "turn.mode loadBalancer: relays speak to each other by the addresses of pods, which are private: name their range in turn.allowedPeers" -}}
{{- end -}}
{{- else -}}
{{- if .scaled -}}
{{- fail "turn.mode portPerReplica: each replica has ports of its own, which clients are told: it cannot be scaled automatically" -}}
{{- end -}}
{{- if not $turn.publicAddress -}}
{{- fail "turn.mode portPerReplica: say the address of the load balancer in turn.publicAddress, for relays are announced by it" -}}
{{- end -}}
{{- $last := sub (add $turn.relayPorts.min (mul .service.replicas $turn.relayPorts.perReplica)) 1 -}}
{{- if gt $last 65535 -}}
{{- fail (printf "turn.relayPorts: the last replica would relay on port %d; there is none above 65535" $last) -}}
{{- end -}}
{{- if gt (int64 $turn.relayPorts.perReplica) 200 -}}
{{- fail "turn.relayPorts.perReplica: each is a port of a Service, and load balancers take a few dozen: at most 200" -}}
{{- end -}}
{{- end -}}
{{- end -}}
