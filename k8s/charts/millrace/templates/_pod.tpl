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
    {{- with $service.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "millrace.serviceAccountName" $root }}
  automountServiceAccountToken: {{ $root.Values.podDeletionCost.enabled }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "millrace.gracePeriod" . }}
  {{- if $onHost }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $service.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $service.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
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
  containers:
    - name: {{ .name }}
      image: {{ include "millrace.image" (dict "root" $root "name" .name "image" $service.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext: {{- include "millrace.containerSecurity" . | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ include "millrace.fullname" $root }}-{{ .name }}
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
{{- end -}}

{{/* On a node of its own the ports are those that clients are told; behind a Service that does not matter. */}}
{{- define "millrace.containerPort" -}}
{{- if not .onHost -}}{{ int64 .each.port }}
{{- else if .each.tls -}}{{ int64 .root.Values.turn.tlsPort }}
{{- else -}}{{ int64 .root.Values.turn.port }}
{{- end -}}
{{- end -}}

{{/* The Pod Security Standard "restricted". */}}
{{- define "millrace.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "millrace.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Three questions. Startup: does it answer at all by now? Readiness: should it be given work? Liveness: does its event loop turn? */}}
{{- define "millrace.probes" -}}
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
{{- range .service.needs }}{{ include "millrace.backendSource" (dict "root" $.root "name" .) }}{{ end }}
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
{{- range .service.needs }}{{ include "millrace.backendEnv" (dict "root" $.root "name" .) }}{{ end }}
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
{{- with .service.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
