//go:build chart

package deploy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
)

// pod returns the Deployment's pod template and its only container.
func pod(t *testing.T, all objects) (corev1.PodTemplateSpec, corev1.Container) {
	t.Helper()
	template := get[*appsv1.Deployment](t, all).Spec.Template
	if len(template.Spec.Containers) != 1 || len(template.Spec.InitContainers) != 0 {
		t.Fatalf("unexpected containers: %v", template.Spec)
	}
	return template, template.Spec.Containers[0]
}

// TestThePodIsRestricted checks that the pod meets the restricted Pod Security Standard, and has a read-only root file system. It names no
// user: OpenShift chooses one.
func TestThePodIsRestricted(t *testing.T) {
	template, container := pod(t, renderDefault(t))
	yes, no := true, false
	wantPod := &corev1.PodSecurityContext{
		RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if diff := cmp.Diff(wantPod, template.Spec.SecurityContext); diff != "" {
		t.Errorf("unexpected security context of the pod (-want +got):\n%s", diff)
	}
	want := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if diff := cmp.Diff(want, container.SecurityContext); diff != "" {
		t.Errorf("unexpected security context of the container (-want +got):\n%s", diff)
	}
	if spec := template.Spec; spec.HostNetwork || spec.HostPID || spec.HostIPC {
		t.Error("the pod uses the host's namespaces")
	}
	for _, port := range container.Ports {
		if port.HostPort != 0 {
			t.Errorf("port %s is a host port", port.Name)
		}
	}
}

// TestAdmissionInThePod checks that the pod has arguments, ports and volumes for admission only if admission is enabled.
func TestAdmissionInThePod(t *testing.T) {
	cases := map[string]struct {
		values  []string
		args    []string
		ports   map[string]int32
		volumes []corev1.Volume
		mounts  []corev1.VolumeMount
	}{
		"with admission": {
			args:    []string{"--v=0", "--metrics-bind-address=:8443", "--metrics-secure=true", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444", "--webhook-port=10250", "--webhook-configuration=tanist-system-tanist"},
			ports:   map[string]int32{"webhook": 10250, "health": 8081, "metrics": 8443, "peers": 8444},
			volumes: []corev1.Volume{{Name: "serving", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tanist-serving"}}}},
			mounts:  []corev1.VolumeMount{{Name: "serving", MountPath: "/var/run/tanist/serving", ReadOnly: true}},
		},
		"with self-managed certificates": {
			values: []string{"admission.certificates=self-managed"},
			args:   []string{"--v=0", "--metrics-bind-address=:8443", "--metrics-secure=true", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444", "--webhook-port=10250", "--webhook-configuration=tanist-system-tanist", "--self-managed-certificates"},
			ports:  map[string]int32{"webhook": 10250, "health": 8081, "metrics": 8443, "peers": 8444},
		},
		"with traces": {
			values: []string{"admission.enabled=false", "tracing.endpoint=http://collector:4317"},
			args:   []string{"--v=0", "--metrics-bind-address=:8443", "--metrics-secure=true", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444", "--webhook-port=0", "--tracing-endpoint=http://collector:4317"},
			ports:  map[string]int32{"health": 8081, "metrics": 8443, "peers": 8444},
		},
		"with grants": {
			values: []string{"admission.enabled=false", "grants.enabled=true"},
			args:   []string{"--v=0", "--metrics-bind-address=:8443", "--metrics-secure=true", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444", "--grants-bind-address=:8445", "--webhook-port=0"},
			ports:  map[string]int32{"health": 8081, "metrics": 8443, "peers": 8444, "grants": 8445},
		},
		"with tokens": {
			values: []string{"admission.certificates=self-managed", "grants.enabled=true", "grants.tokens=true", "ports.grantsTLS=18446"},
			args: []string{"--v=0", "--metrics-bind-address=:8443", "--metrics-secure=true", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444",
				"--grants-bind-address=:8445", "--grants-tls-bind-address=:18446", "--webhook-port=10250", "--webhook-configuration=tanist-system-tanist", "--self-managed-certificates"},
			ports: map[string]int32{"webhook": 10250, "health": 8081, "metrics": 8443, "peers": 8444, "grants": 8445, "grants-tls": 18446},
		},
		"without": {
			values: []string{"admission.enabled=false", "metrics.secure=false"},
			args:   []string{"--v=0", "--metrics-bind-address=:8080", "--metrics-secure=false", "--health-probe-bind-address=:8081", "--peer-bind-address=:8444", "--webhook-port=0"},
			ports:  map[string]int32{"health": 8081, "metrics": 8080, "peers": 8444},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			all := render(t, test.values...)
			template, container := pod(t, all)
			ports := map[string]int32{}
			for _, port := range container.Ports {
				ports[port.Name] = port.ContainerPort
			}
			allowed := map[string]int32{}
			for _, rule := range get[*networkingv1.NetworkPolicy](t, all).Spec.Ingress {
				for _, port := range rule.Ports {
					allowed[port.Port.String()] = ports[port.Port.String()]
				}
			}
			for what, diff := range map[string]string{
				"arguments":       cmp.Diff(test.args, container.Args),
				"ports":           cmp.Diff(test.ports, ports),
				"allowed ports":   cmp.Diff(test.ports, allowed),
				"volumes":         cmp.Diff(test.volumes, template.Spec.Volumes),
				"mounted volumes": cmp.Diff(test.mounts, container.VolumeMounts),
			} {
				if diff != "" {
					t.Errorf("unexpected %s (-want +got):\n%s", what, diff)
				}
			}
		})
	}
}

// TestOnlyReplicasReachThePeersPort checks that the NetworkPolicy admits pods of this release alone to the port that is for them, and anybody
// to the others.
func TestOnlyReplicasReachThePeersPort(t *testing.T) {
	all := renderDefault(t)
	template, _ := pod(t, all)
	for _, rule := range get[*networkingv1.NetworkPolicy](t, all).Spec.Ingress {
		for _, port := range rule.Ports {
			if port.Port.String() != config.PeersPort {
				if len(rule.From) != 0 {
					t.Errorf("port %s is closed to the API server or a kubelet: %v", port.Port, rule.From)
				}
				continue
			}
			if len(rule.From) != 1 || rule.From[0].NamespaceSelector != nil || rule.From[0].PodSelector == nil {
				t.Fatalf("the peers' port is open to %v", rule.From)
			}
			want := get[*appsv1.Deployment](t, all).Spec.Selector.MatchLabels
			if got := rule.From[0].PodSelector.MatchLabels; !labels.SelectorFromSet(got).Matches(labels.Set(template.Labels)) || len(got) != len(want) {
				t.Errorf("the peers' port is open to pods with %v, want the release's, %v", got, want)
			}
		}
	}
}

// TestGrantsWithTokens checks that everything is there which asking with a token needs: a port that others reach, names in the certificate, and
// the right to review tokens.
func TestGrantsWithTokens(t *testing.T) {
	objects := render(t, "grants.enabled=true", "grants.tokens=true", "metrics.secure=false")
	service := get[*corev1.Service](t, objects, "tanist-grants")
	if len(service.Spec.Ports) != 2 || service.Spec.Ports[1].Port != 443 || service.Spec.Ports[1].TargetPort.String() != "grants-tls" {
		t.Errorf("unexpected ports: %v", service.Spec.Ports)
	}
	var admitted []string
	for _, port := range get[*networkingv1.NetworkPolicy](t, objects, "tanist").Spec.Ingress[0].Ports {
		admitted = append(admitted, port.Port.String())
	}
	if !slices.Contains(admitted, "grants-tls") {
		t.Errorf("the NetworkPolicy admits %v only", admitted)
	}
	names := ""
	for _, object := range objects {
		if other, ok := object.(*unstructured.Unstructured); ok && other.GetName() == "tanist-serving" {
			names = fmt.Sprint(other.Object["spec"].(map[string]any)["dnsNames"])
		}
	}
	if !strings.Contains(names, " tanist-grants.tanist-system.svc ") {
		t.Errorf("the certificate is for %s", names)
	}
}

// TestGrantsAreAskedOfEveryReplica checks that the Service for grants also lists replicas that are not ready, and is there only with grants.
func TestGrantsAreAskedOfEveryReplica(t *testing.T) {
	service := get[*corev1.Service](t, render(t, "grants.enabled=true", "grants.service.annotations.x=y"), "tanist-grants")
	if !service.Spec.PublishNotReadyAddresses || service.Annotations["x"] != "y" || service.Spec.Ports[0].TargetPort.String() != config.GrantsPort {
		t.Errorf("unexpected Service: %v", service)
	}
	for _, object := range renderDefault(t) {
		if service, ok := object.(*corev1.Service); ok && service.Name == "tanist-grants" {
			t.Error("without grants there is the Service for them")
		}
	}
}

// TestAReplicaStopsGracefully checks that a replica keeps answering until it is out of the endpoints, and has time to stop after that.
func TestAReplicaStopsGracefully(t *testing.T) {
	template, container := pod(t, renderDefault(t))
	sleep := container.Lifecycle.PreStop.Sleep.Seconds
	// controller-runtime gives the runnables of a manager 30 s to stop.
	if grace := *template.Spec.TerminationGracePeriodSeconds; sleep < 5 || grace < sleep+30 {
		t.Errorf("sleeps %d s of a grace period of %d s", sleep, grace)
	}
}

// TestSelectors checks that each selector of Tanist's pods matches them, and has no label that an upgrade changes.
func TestSelectors(t *testing.T) {
	all := renderDefault(t)
	template, _ := pod(t, all)
	for what, selector := range map[string]map[string]string{
		"Deployment":          get[*appsv1.Deployment](t, all).Spec.Selector.MatchLabels,
		"PodDisruptionBudget": get[*policyv1.PodDisruptionBudget](t, all).Spec.Selector.MatchLabels,
		"NetworkPolicy":       get[*networkingv1.NetworkPolicy](t, all).Spec.PodSelector.MatchLabels,
		"Service":             get[*corev1.Service](t, all, "tanist").Spec.Selector,
		"metrics":             get[*corev1.Service](t, all, "tanist-metrics").Spec.Selector,
		"spread over nodes":   template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
		"spread over zones":   template.Spec.TopologySpreadConstraints[1].LabelSelector.MatchLabels,
	} {
		if !labels.SelectorFromSet(selector).Matches(labels.Set(template.Labels)) || len(selector) != 2 {
			t.Errorf("%s selects %v, the pods have %v", what, selector, template.Labels)
		}
	}
}
