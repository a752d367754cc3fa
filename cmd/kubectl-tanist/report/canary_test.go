package report

import (
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// canary stands in each place of an object where a secret may stand. Nothing about it can be recognised.
const canary = "CaNaRy"

// pathSecret is the secret in the path of the webhooks. It stands in texts, too.
const pathSecret = "canary0canary0canary0canary0canary0canary0"

const (
	system     = "tanist-system"
	webhookURL = "/" + pathSecret + "/validate-departures"
)

// careless has the canary wherever users and controllers put what is not meant for all.
func careless(o *metav1.ObjectMeta) {
	if o.Annotations == nil {
		o.Annotations = map[string]string{}
	}
	o.Annotations[corev1.LastAppliedConfigAnnotation] = `{"spec":{"password":"` + canary + `"}}`
	o.Annotations["vault.example.com/token"] = canary
	o.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply, Time: &metav1.Time{Time: gen.T0},
		FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"v:\"` + canary + `\"":{}}}`),
	}}
}

func carelessContainer(name string) corev1.Container {
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
		Path: "/healthz?token=" + canary, Port: intstr.FromInt32(8080), Host: canary, HTTPHeaders: []corev1.HTTPHeader{{Name: "Authorization", Value: canary}},
	}}}
	return corev1.Container{
		Name: name, Image: "registry.example.com/app:1", Command: []string{"app", canary}, Args: []string{"--password=" + canary, "--v=1", canary},
		WorkingDir: "/" + canary,
		Env:        []corev1.EnvVar{{Name: "PASSWORD", Value: canary}}, EnvFrom: []corev1.EnvFromSource{{Prefix: canary}},
		VolumeMounts:   []corev1.VolumeMount{{Name: "data", MountPath: "/" + canary}},
		ReadinessProbe: probe,
		LivenessProbe:  &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"check", canary}}}},
		StartupProbe:   &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: new(canary)}}},
		Lifecycle: &corev1.Lifecycle{
			PreStop:   &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"stop", canary}}},
			PostStart: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/" + canary}},
		},
	}
}

func carelessSpec() corev1.PodSpec {
	always := corev1.ContainerRestartPolicyAlways
	sidecar := carelessContainer("sidecar")
	sidecar.RestartPolicy = &always
	ephemeral := corev1.EphemeralContainerCommon{Name: "debug", Command: []string{canary}, Env: []corev1.EnvVar{{Name: "X", Value: canary}}}
	return corev1.PodSpec{
		NodeName: "node-1", Containers: []corev1.Container{carelessContainer("tanist")},
		InitContainers:      []corev1.Container{carelessContainer("init"), sidecar},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: ephemeral}},
		Volumes: []corev1.Volume{
			{Name: "a", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "x", VolumeAttributes: map[string]string{"key": canary}}}},
			{Name: "b", VolumeSource: corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "x", Options: map[string]string{"key": canary}}}},
			{Name: "c", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: canary}}},
		},
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: canary}},
		HostAliases:      []corev1.HostAlias{{IP: "10.0.0.9", Hostnames: []string{canary}}},
	}
}

// pod is a careless pod that has been restarted.
func pod(namespace, name string, labels map[string]string) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name + "-uid"), Labels: labels}, Spec: carelessSpec(),
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Message: canary,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodReady, Status: corev1.ConditionTrue}, {Type: "example.com/CaughtUp", Status: corev1.ConditionFalse, Message: canary},
			},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "tanist", Ready: true, RestartCount: 1, ImageID: "sha256:abc",
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: canary}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 3, Message: canary}},
			}},
		},
	}
	careless(&p.ObjectMeta)
	return p
}

func event(namespace, kind, name, reporter, note string) corev1.Event {
	return corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: name + "." + reporter},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: namespace, Name: name}, ReportingController: reporter,
		Reason: "Why", Type: "Warning", Message: note, EventTime: metav1.NewMicroTime(gen.T0),
	}
}

// answers are those of an API server with Tanist, a Service with a leader, and the canary.
func answers() map[string]any {
	web := gen.WebService(func(s *corev1.Service) {
		careless(&s.ObjectMeta)
		s.Spec.ExternalName = canary
		s.Annotations[config.FollowLeaseKey] = "web"
	})
	leaderService := gen.LeaderOf(web, func(s *corev1.Service) { careless(&s.ObjectMeta) })
	slice := gen.SliceOf(leaderService, discoveryv1.AddressTypeIPv4)
	careless(&slice.ObjectMeta)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}}
	careless(&namespace.ObjectMeta)
	secret := new(webhookURL)
	call := admissionregistrationv1.WebhookClientConfig{CABundle: []byte(canary), Service: &admissionregistrationv1.ServiceReference{Namespace: system, Name: "tanist", Path: secret}}
	byURL := admissionregistrationv1.WebhookClientConfig{URL: new("https://me:" + canary + "@example.com/" + pathSecret + "/mutate-pods?key=" + canary)}
	tuning := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: config.TuningConfigMap},
		Data:       map[string]string{config.TuningKey: "commit: {concurrency: 4}", "other": canary}, BinaryData: map[string][]byte{"more": []byte(canary)},
	}
	deployment := appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "tanist"},
		Spec:       appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: carelessSpec()}},
	}
	lease := coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: config.LeaseName}, Spec: coordinationv1.LeaseSpec{HolderIdentity: new("tanist-1_x"), RenewTime: &metav1.MicroTime{Time: time.Now()}}}
	followed := gen.LeaseHeldBy("a1_x", "1", func(l *coordinationv1.Lease) { careless(&l.ObjectMeta) })
	for _, o := range []*metav1.ObjectMeta{&tuning.ObjectMeta, &deployment.ObjectMeta, &deployment.Spec.Template.ObjectMeta, &lease.ObjectMeta} {
		careless(o)
	}
	replica := pod(system, "tanist-1", map[string]string{config.ReplicaNameKey: config.ReplicaName, versionLabel: "0.1.0"})
	replica.Spec.Containers[0].Args = append(replica.Spec.Containers[0].Args, "--metrics-secure=false")
	replica.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "metrics", ContainerPort: 8443}}
	called := "failed calling webhook: Post https://tanist.tanist-system.svc:443" + webhookURL + "?timeout=1s: EOF"
	in, core := "/api/v1/namespaces/"+system, "/api/v1/namespaces/shop"
	return map[string]any{
		"/version": `{"major":"1","minor":"37","gitVersion":"v1.37.0"}`,
		"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/tanist-system-tanist": &admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: "tanist-system-tanist"}, Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "departures.tanist.dev", ClientConfig: call}},
		},
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/tanist-system-tanist": &admissionregistrationv1.MutatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: "tanist-system-tanist"}, Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "drainwindow.tanist.dev", ClientConfig: byURL}},
		},
		in + "/pods":                                                    &corev1.PodList{Items: []corev1.Pod{replica}},
		in + "/pods/tanist-1/log":                                       "Leader changed service=shop/web\n" + called + "\nAuthorization: Bearer " + canary + canary + "\nmore of " + pathSecret + "\n",
		in + "/pods/tanist-1/log?previous":                              "panic: " + called + "\n",
		in + "/pods/http:tanist-1:8443/proxy/metrics":                   "# TYPE tanist_leader_services gauge\ntanist_leader_services 1\n# " + pathSecret + "\n",
		in + "/configmaps/" + config.TuningConfigMap:                    tuning,
		in + "/events":                                                  &corev1.EventList{Items: []corev1.Event{event(system, "ReplicaSet", "tanist-5f7c9", "replicaset-controller", called)}},
		"/api/v1/namespaces/default/events":                             &corev1.EventList{Items: []corev1.Event{event("default", "ValidatingWebhookConfiguration", "tanist-system-tanist", "tanist", "not trusted")}},
		"/apis/apps/v1/namespaces/" + system + "/deployments":           &appsv1.DeploymentList{Items: []appsv1.Deployment{deployment}},
		"/apis/coordination.k8s.io/v1/namespaces/" + system + "/leases": &coordinationv1.LeaseList{Items: []coordinationv1.Lease{lease}},
		"/apis/coordination.k8s.io/v1/namespaces/shop/leases/web":       followed,
		"/api/v1/namespaces/shop":                                       namespace,
		core + "/services":                                              &corev1.ServiceList{Items: []corev1.Service{*web, *leaderService, {ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "plain"}}}},
		"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices":      &discoveryv1.EndpointSliceList{Items: []discoveryv1.EndpointSlice{*slice}},
		core + "/pods": &corev1.PodList{Items: []corev1.Pod{
			pod("shop", "a1", map[string]string{"app": "web"}), pod("shop", "stranger", map[string]string{"app": "other"}),
		}},
		core + "/events": &corev1.EventList{Items: []corev1.Event{
			event("shop", "Service", "web", "tanist", "a1 leads: FirstLeader"), event("shop", "Pod", "a1", "kubelet", "Readiness probe failed: "+canary),
			event("shop", "Pod", "stranger", "kubelet", canary), event("shop", "Service", "web", "someone", canary),
		}},
	}
}
