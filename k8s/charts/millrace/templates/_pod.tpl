{{/* The pod of a service: what Deployments and the StatefulSet of TURN have in common. Give it root, name, service. */}}

{{- define "millrace.pod" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $certificate := include "millrace.tlsSecret" . -}}
{{- $onHost := and (eq .name "turn") (eq $root.Values.turn.mode "hostNetwork") -}}
metadata:
  labels:
    {{- include "millrace.labels" (dict "root" $root "component" .name) | nindent 4 }}
    {{- with $service.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    checksum/config: {{ include "millrace.settings" . | sha256sum }}
    checksum/secrets: {{ include "millrace.secretsSum" . }}
    {{- with mergeOverwrite (deepCopy $root.Values.commonAnnotations) $service.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "millrace.serviceAccountName" $root }}
  automountServiceAccountToken: {{ $root.Values.podDeletionCost.enabled }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "millrace.gracePeriod" . }}
  {{- if $onHost }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with $service.dnsConfig }}
  dnsConfig: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.hostAliases }}
  hostAliases: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "millrace.imagePullSecrets" $root | nindent 2 }}
  {{- with $service.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- include "millrace.placement" $service | nindent 2 }}
  {{- if $service.spread.enabled }}
  topologySpreadConstraints:
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ ternary $service.spread.whenUnsatisfiable "ScheduleAnyway" (eq $key "kubernetes.io/hostname") }}
      labelSelector:
        matchLabels: {{- include "millrace.componentSelector" (dict "root" $root "component" $.name) | nindent 10 }}
      # Old and new pods are counted apart, so that a rollout does not pile them up.
      matchLabelKeys: [{{ ternary "controller-revision-hash" "pod-template-hash" (eq $.kind "StatefulSet") }}]
    {{- end }}
  {{- end }}
  securityContext: {{- include "millrace.podSecurity" . | nindent 4 }}
  {{- with $service.initContainers }}
  initContainers: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "millrace.image" (dict "root" $root "name" .name "image" $service.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext: {{- include "millrace.containerSecurity" . | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ include "millrace.configName" . }}
      env: {{- include "millrace.env" . | trim | nindent 8 }}
      ports:
        - { name: admin, containerPort: 9464, protocol: TCP }
        {{- range $port, $each := $service.ports }}
        {{- if or (not $each.tls) $certificate }}
        - { name: {{ $port }}, containerPort: {{ include "millrace.containerPort" (dict "root" $root "port" $port "each" $each "onHost" $onHost) }}, protocol: {{ $each.protocol }} }
        {{- end }}
        {{- end }}
      {{- include "millrace.probes" . | nindent 6 }}
      resources: {{- toYaml $service.resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if $service.data }}
        - { name: data, mountPath: /data }
        {{- end }}
        {{- if include "millrace.secretSources" . | trim }}
        - { name: secrets, mountPath: /run/secrets/millrace, readOnly: true }
        {{- end }}
        {{- if $certificate }}
        - { name: tls, mountPath: /run/tls, readOnly: true }
        {{- end }}
        {{- include "millrace.caMount" $root | nindent 8 }}
        {{- with $service.extraVolumeMounts }}{{ toYaml . | nindent 8 }}{{ end }}
    {{- with $service.sidecars }}{{ toYaml . | nindent 4 }}{{ end }}
  volumes:
    - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
    {{- if $service.data }}
    - { name: data, emptyDir: { sizeLimit: 64Mi } }
    {{- end }}
    {{- with include "millrace.secretSources" . | trim }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources: {{- . | nindent 10 }}
    {{- end }}
    {{- if $certificate }}
    - name: tls
      secret: { secretName: {{ $certificate }}, defaultMode: 0440 }
    {{- end }}
    {{- include "millrace.caVolume" $root | nindent 4 }}
    {{- with $service.extraVolumes }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end -}}

{{/* On a node of its own the ports are those that clients are told; behind a Service that does not matter. */}}
{{- define "millrace.containerPort" -}}
{{- if not .onHost -}}{{ int64 .each.port }}
{{- else if .each.tls -}}{{ int64 .root.Values.turn.tlsPort }}
{{- else -}}{{ int64 .root.Values.turn.port }}
{{- end -}}
{{- end -}}

{{/* The Pod Security Standard "restricted", unless the operator changes it; a null takes a line out. Give it root, service. */}}
{{- define "millrace.podSecurity" -}}
{{- include "millrace.withoutNulls" .service.podSecurityContext -}}
{{- end -}}

{{- define "millrace.containerSecurity" -}}
{{- include "millrace.withoutNulls" .service.securityContext -}}
{{- end -}}

{{- define "millrace.withoutNulls" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $kept $key $value }}{{ end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}

{{/* Which nodes a pod may run on. Give it values with nodeSelector, tolerations, affinity. */}}
{{- define "millrace.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "millrace.imagePullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Certificate authorities of one's own: Node.js trusts them beside those that it knows. */}}
{{- define "millrace.caEnv" -}}
{{- with .Values.trustedCAs }}
{{- if or .existingSecret .existingConfigMap }}
- { name: NODE_EXTRA_CA_CERTS, value: /run/trusted-cas/ca.crt }
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.caMount" -}}
{{- with .Values.trustedCAs }}
{{- if or .existingSecret .existingConfigMap }}
- { name: trusted-cas, mountPath: /run/trusted-cas, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.caVolume" -}}
{{- with .Values.trustedCAs }}
{{- if .existingSecret }}
- name: trusted-cas
  secret: { secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{ key: {{ .key | quote }}, path: ca.crt }] }
{{- else if .existingConfigMap }}
- name: trusted-cas
  configMap: { name: {{ .existingConfigMap }}, items: [{ key: {{ .key | quote }}, path: ca.crt }] }
{{- end }}
{{- end }}
{{- end -}}

{{/* What the Secrets of a service hold now, so that an upgrade after a change of them starts pods anew. Nothing without a cluster. */}}
{{- define "millrace.secretsSum" -}}
{{- $all := dict -}}
{{- range include "millrace.secretSources" . | fromYamlArray -}}
{{- $name := .secret.name -}}
{{- $_ := set $all $name (default dict (lookup "v1" "Secret" $.root.Release.Namespace $name).data) -}}
{{- end -}}
{{- $all | toJson | sha256sum -}}
{{- end -}}

{{/* Three questions. Startup: does it answer at all by now? Readiness: should it be given work? Liveness: does its event loop turn? */}}
{{- define "millrace.probes" -}}
{{- $own := include "millrace.ownProbes" . | fromYaml -}}
{{- range $name := list "startupProbe" "readinessProbe" "livenessProbe" }}
{{ $name }}: {{- mergeOverwrite (get $own $name) (deepCopy (get $.service.probes (trimSuffix "Probe" $name))) | toYaml | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "millrace.ownProbes" -}}
startupProbe:
  httpGet: { path: /healthz, port: admin }
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /healthz, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{/* What is mounted below /run/secrets/millrace. */}}
{{- define "millrace.secretSources" -}}
{{- range .service.needs }}{{ include "millrace.backendSource" (dict "root" $.root "name" . "service" $.name) }}{{ end }}
{{- if has "keys" (default list .service.secrets) }}
- secret:
    name: {{ include "millrace.keysSecret" .root }}
    items:
      - { key: {{ .root.Values.keys.operatorKey | quote }}, path: operator-key }
      - { key: {{ .root.Values.keys.keyPepper | quote }}, path: key-pepper }
{{- end }}
{{- end -}}

{{- define "millrace.keysSecret" -}}
{{- default (printf "%s-keys" (include "millrace.fullname" .)) .Values.keys.existingSecret -}}
{{- end -}}

{{/* Variables that are no plain settings: where files are, what only the pod knows, what the operator adds. */}}
{{- define "millrace.env" -}}
{{- $turn := .root.Values.turn -}}
{{- range .service.needs }}{{ include "millrace.backendEnv" (dict "root" $.root "name" . "service" $.name) }}{{ end }}
{{- if has "keys" (default list .service.secrets) }}
- { name: MILLRACE_OPERATOR_KEY_FILE, value: /run/secrets/millrace/operator-key }
- { name: MILLRACE_KEY_PEPPER_FILE, value: /run/secrets/millrace/key-pepper }
{{- end }}
{{- if eq .name "turn" }}
{{- if eq $turn.mode "hostNetwork" }}
- { name: MILLRACE_METRICS_HOST, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
{{- if $turn.publicAddressFromHostIP }}
- { name: MILLRACE_TURN_PUBLIC_ADDRESS, valueFrom: { fieldRef: { fieldPath: status.hostIP } } }
{{- end }}
{{- else if eq $turn.mode "loadBalancer" }}
# Relays meet each other inside the cluster.
- { name: MILLRACE_TURN_PUBLIC_ADDRESS, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
{{- else }}
- { name: MILLRACE_TURN_REPLICA, valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } }
{{- end }}
{{- end }}
{{- if .root.Values.podDeletionCost.enabled }}
- { name: MILLRACE_POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: MILLRACE_POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
{{- end }}
{{- with .root.Values.tracing.endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- include "millrace.caEnv" .root }}
{{- with .service.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
