{{/* Names, labels and the parts that every pod has. */}}

{{- define "holdfast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 52 and not 63: the longest ending that is added has eleven characters. */}}
{{- define "holdfast.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "holdfast.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "holdfast.releaseLabels" -}}
app.kubernetes.io/name: {{ include "holdfast.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "holdfast.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "holdfast.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "holdfast.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- /* A tag of digits alone arrives as a number. */}}
{{- $tag := ternary (int64 .Values.image.tag | toString) (toString .Values.image.tag) (or (kindIs "float64" .Values.image.tag) (kindIs "int64" .Values.image.tag)) -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion $tag) -}}
{{- end -}}
{{- end -}}

{{- define "holdfast.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "holdfast.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Secret with AUTH_SECRET and its like. */}}
{{- define "holdfast.secretName" -}}
{{- default (printf "%s-keys" (include "holdfast.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "holdfast.postgresSecretName" -}}
{{- default (printf "%s-postgres" (include "holdfast.fullname" .)) .Values.database.builtin.existingSecret -}}
{{- end -}}

{{- define "holdfast.databaseSecretName" -}}
{{- default (printf "%s-database" (include "holdfast.fullname" .)) .Values.database.external.existingSecret -}}
{{- end -}}

{{- define "holdfast.isPublic" -}}
{{- if or .Values.ingress.enabled (eq .Values.service.type "LoadBalancer") }}yes{{ end -}}
{{- end -}}

{{/* What the restricted profile of Pod Security asks of a pod. */}}
{{- define "holdfast.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurity.runAsUser }}
runAsGroup: {{ .Values.podSecurity.runAsGroup }}
fsGroup: {{ .Values.podSecurity.fsGroup }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "holdfast.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{/* DATABASE_URL, by reference. `hook` is a Secret that is there before the release's own objects are. */}}
{{- define "holdfast.databaseEnv" -}}
{{- $root := .root -}}
{{- if eq $root.Values.database.mode "builtin" }}
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "holdfast.postgresSecretName" $root }}
      key: POSTGRES_PASSWORD
- name: DATABASE_URL
  value: postgres://holdfast:$(POSTGRES_PASSWORD)@{{ include "holdfast.fullname" $root }}-postgres:5432/holdfast
{{- else if eq $root.Values.database.mode "cloudnativepg" }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "holdfast.fullname" $root }}-db-app
      key: uri
{{- else }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- if $root.Values.database.external.existingSecret }}
      name: {{ $root.Values.database.external.existingSecret }}
      key: {{ $root.Values.database.external.existingSecretKey }}
      {{- else }}
      name: {{ include "holdfast.databaseSecretName" $root }}{{ if .hook }}-migrate{{ end }}
      key: DATABASE_URL
      {{- end }}
{{- end }}
{{- end -}}

{{- define "holdfast.env" -}}
{{- include "holdfast.databaseEnv" (dict "root" . "hook" false) }}
{{- range $name, $value := .Values.settings }}
{{- if ne (toString $value) "" }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- range $name := list "AUTH_SECRET" "METRICS_TOKEN" "VAPID_PUBLIC_KEY" "VAPID_PRIVATE_KEY" "SMTP_URL" "BUS_URL" }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      {{- if and (eq $name "BUS_URL") $.Values.bus.existingSecret }}
      name: {{ $.Values.bus.existingSecret }}
      key: {{ $.Values.bus.existingSecretKey }}
      {{- else }}
      name: {{ include "holdfast.secretName" $ }}
      key: {{ $name }}
      optional: true
      {{- end }}
{{- end }}
{{- end -}}

{{/*
A pod waits here until the database takes connections, so that a first installation shows no restarts. What is wrong with
it beyond that, the process itself says.
*/}}
{{- define "holdfast.waitForDatabase" -}}
- name: wait-for-database
  image: {{ include "holdfast.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command:
    - node
    - -e
    - |
      const { connect } = require('node:net');
      const { hostname, port } = new URL(process.env.DATABASE_URL);
      const endsAtMs = Date.now() + 300_000;
      const attempt = () => {
        const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 5432), timeout: 3000 });
        socket.once('connect', () => process.exit(0));
        socket.once('timeout', () => socket.destroy(new Error('no answer')));
        socket.once('error', ({ message }) => {
          if (Date.now() > endsAtMs) {
            console.error(`The database does not take connections: ${message}`);
            process.exit(1);
          }
          setTimeout(attempt, 500);
        });
      };
      attempt();
  env:
    {{- include "holdfast.databaseEnv" (dict "root" .root "hook" .hook) | nindent 4 }}
  securityContext:
    {{- include "holdfast.containerSecurityContext" .root | nindent 4 }}
  resources:
    requests:
      cpu: 10m
      memory: 64Mi
    limits:
      memory: 128Mi
{{- end -}}

{{/* A Deployment of one component: dict "root" $ "component" "sync" "role" "sync" "serves" true "values" .Values.sync */}}
{{- define "holdfast.deployment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $selector := printf "%s\napp.kubernetes.io/component: %s" (include "holdfast.releaseLabels" $root) .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "holdfast.fullname" $root }}-{{ .component }}
  labels:
    {{- include "holdfast.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # Also catches a pod that is ready for a moment only.
  minReadySeconds: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- $selector | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "holdfast.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        {{- if .serves }}
        holdfast/serves: app
        {{- end }}
      annotations:
        # Of what the values say and not of the Secret, whose generated part is another at each rendering without a cluster.
        checksum/secrets: {{ printf "%s%s" (toYaml $root.Values.secrets.values) $root.Values.database.external.url | sha256sum }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "holdfast.serviceAccountName" $root }}
      automountServiceAccountToken: false
      # A Service named holdfast would give every pod a variable HOLDFAST_PORT, which settings refuse as a mistake.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $root.Values.shutdown.gracePeriodSeconds }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- include "holdfast.podSecurityContext" $root | nindent 8 }}
      initContainers:
        {{- include "holdfast.waitForDatabase" (dict "root" $root "hook" false) | nindent 8 }}
      containers:
        - name: holdfast
          image: {{ include "holdfast.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: ["serve", "--role={{ .role }}"]
          ports:
            - name: http
              containerPort: 8787
              protocol: TCP
          env:
            - name: HOST
              value: 0.0.0.0
            - name: PORT
              value: "8787"
            - name: DATA_DIR
              value: /data
            {{- include "holdfast.env" $root | nindent 12 }}
          # Covers the wait for the database and the migrations.
          startupProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 1
            timeoutSeconds: 3
            failureThreshold: 180
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 3
            timeoutSeconds: 4
            failureThreshold: 2
          # Says nothing of the database, whose absence no restart mends.
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            preStop:
              exec:
                command: ["sleep", "{{ $root.Values.shutdown.preStopSeconds }}"]
          securityContext:
            {{- include "holdfast.containerSecurityContext" $root | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /data
            - name: tmp
              mountPath: /tmp
      volumes:
        # With a database elsewhere nothing in here has to last.
        - name: data
          emptyDir: {}
        - name: tmp
          emptyDir: {}
      {{- if $root.Values.topologySpread.enabled }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              {{- $selector | nindent 14 }}
        {{- if $root.Values.topologySpread.zones }}
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              {{- $selector | nindent 14 }}
        {{- end }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{- define "holdfast.budget" -}}
{{- if .root.Values.podDisruptionBudget.enabled }}
apiVersion: {{ ternary "policy/v1" "policy/v1beta1" (semverCompare ">=1.21-0" .root.Capabilities.KubeVersion.Version) }}
kind: PodDisruptionBudget
metadata:
  name: {{ include "holdfast.fullname" .root }}-{{ .component }}
  labels:
    {{- include "holdfast.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  # And not minAvailable, by which a single pod would hold up every drain of its node.
  maxUnavailable: {{ .root.Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "holdfast.releaseLabels" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- end -}}

{{- define "holdfast.autoscaler" -}}
{{- if .values.autoscaling.enabled }}
apiVersion: {{ ternary "autoscaling/v2" "autoscaling/v2beta2" (semverCompare ">=1.23-0" .root.Capabilities.KubeVersion.Version) }}
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "holdfast.fullname" .root }}-{{ .component }}
  labels:
    {{- include "holdfast.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "holdfast.fullname" .root }}-{{ .component }}
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscaling.targetCPUUtilizationPercentage }}
    - type: Resource
      resource:
        name: memory
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscaling.targetMemoryUtilizationPercentage }}
  # Every pod that goes sends its sockets elsewhere: one at a time, and not for a short lull.
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
        - type: Pods
          value: 1
          periodSeconds: 120
{{- end }}
{{- end -}}

{{- define "holdfast.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "holdfast.fullname" .root }}-{{ .component }}
  labels:
    {{- include "holdfast.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  type: ClusterIP
  ports:
    - name: http
      port: {{ .root.Values.service.port }}
      targetPort: http
      protocol: TCP
  selector:
    {{- include "holdfast.releaseLabels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
{{- end -}}
