{{- /* What holds for the nodes of this release: the platform's paths, where the values do not say otherwise. YAML. */}}
{{- define "lessor.node" -}}
{{- $platform := get (.Files.Get "platforms.yaml" | fromYaml) .Values.platform -}}
{{- $paths := .Values.paths -}}
binDir: {{ $paths.binDir | default $platform.binDir }}
confDir: {{ $paths.confDir | default $platform.confDir }}
configDir: {{ $paths.configDir | default $platform.configDir }}
uncheckedPaths: {{ $platform.uncheckedPaths | default false }}
notOn: {{ $platform.notOn | default dict | toJson }}
seLinuxOptions: {{ .Values.seLinuxOptions | default $platform.seLinuxOptions | default dict | toJson }}
{{- end }}

{{- define "lessor.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lessor.labels" -}}
{{ include "lessor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "lessor.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end }}
{{- end }}

{{- /* The address of the agent, an IPv6 host in brackets. */}}
{{- define "lessor.listen" -}}
{{- $host := .Values.agent.host -}}
{{- if contains ":" $host }}[{{ $host }}]{{ else }}{{ $host }}{{ end }}:{{ .Values.agent.port }}
{{- end }}

{{- /* The kubelet asks from the node: an agent on all addresses answers on loopback too. */}}
{{- define "lessor.probe" -}}
httpGet:
  host: {{ get (dict "0.0.0.0" "127.0.0.1" "::" "::1") .Values.agent.host | default .Values.agent.host | quote }}
  port: {{ .Values.agent.port }}
  path: /healthz
{{- end }}

{{- /* Root, since the directories of the host are root's; but with no capability beyond the ones named. */}}
{{- define "lessor.securityContext" -}}
runAsUser: 0
runAsGroup: 0
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  {{- with .capabilities }}
  add: {{ toJson . }}
  {{- end }}
seccompProfile:
  type: RuntimeDefault
{{- with .seLinuxOptions }}
seLinuxOptions: {{ toJson . }}
{{- end }}
{{- end }}

{{- /* On which nodes, and from which registry. */}}
{{- define "lessor.placement" -}}
{{- $node := include "lessor.node" . | fromYaml -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.affinity }}
affinity: {{- toYaml .Values.affinity | nindent 2 }}
{{- else if $node.notOn }}
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            - key: {{ $node.notOn.key }}
              operator: NotIn
              values: {{ toJson $node.notOn.values }}
{{- end }}
{{- end }}
