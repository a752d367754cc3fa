//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/install"
)

// external is the part of a leader Service's spec that depends on its type.
func external(s *corev1.Service) string {
	text := string(config.LeaderServiceTypeOf(s))
	if s.Spec.ExternalTrafficPolicy != "" {
		text += " " + string(s.Spec.ExternalTrafficPolicy)
	}
	if s.Spec.LoadBalancerClass != nil {
		text += " " + *s.Spec.LoadBalancerClass
	}
	if s.Spec.HealthCheckNodePort != 0 {
		text += " checked"
	}
	if s.Spec.Ports[0].NodePort != 0 {
		text += " on nodes"
	}
	return text
}

// isExternal waits until the leader Service has a type, and returns it.
func (s *testNamespace) isExternal(want string) *corev1.Service {
	s.t.Helper()
	return s.exists("web-leader", func(service *corev1.Service) string {
		if got := external(service); got != want {
			return fmt.Sprintf("that it is %q, got %q", want, got)
		}
		return ""
	})
}

func (s *testNamespace) annotateAll(pairs ...string) {
	s.t.Helper()
	var set []string
	for i := 0; i < len(pairs); i += 2 {
		value := "null"
		if pairs[i+1] != "" {
			value = fmt.Sprintf("%q", pairs[i+1])
		}
		set = append(set, fmt.Sprintf("%q:%s", pairs[i], value))
	}
	s.patchService("web", `{"metadata":{"annotations":{`+strings.Join(set, ",")+`}}}`)
}

// TestTheLeaderServiceHasTheTypeThatIsAskedFor goes through the types with one leader, which leads all the time, on the same cluster IP as
// long as the API server allows that.
func TestTheLeaderServiceHasTheTypeThatIsAskedFor(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t)
	before := s.isExternal("ClusterIP")
	address := before.Spec.ClusterIP
	for _, step := range []struct {
		pairs []string
		want  string
	}{
		{[]string{config.LeaderServiceTypeKey, "NodePort"}, "NodePort Cluster on nodes"},
		{[]string{config.ExternalTrafficPolicyKey, "Local"}, "NodePort Local on nodes"},
		{[]string{config.LeaderServiceTypeKey, "LoadBalancer"}, "LoadBalancer Local checked on nodes"},
		{[]string{config.LoadBalancerClassKey, "example.com/a"}, "LoadBalancer Local example.com/a checked on nodes"},
		{[]string{config.LoadBalancerClassKey, "example.com/b"}, "LoadBalancer Local example.com/b checked on nodes"},
		{[]string{config.ExternalTrafficPolicyKey, "Cluster"}, "LoadBalancer Cluster example.com/b on nodes"},
		{[]string{config.LeaderServiceTypeKey, "", config.ExternalTrafficPolicyKey, "", config.LoadBalancerClassKey, ""}, "ClusterIP"},
	} {
		s.annotateAll(step.pairs...)
		if now := s.isExternal(step.want); now.UID != before.UID || now.Spec.ClusterIP != address {
			t.Errorf("%s: the leader Service was replaced, or has another cluster IP", step.want)
		}
	}
	s.leads("web", "a")

	// Whether it is headless cannot change. The new one has the same leader, and its slice.
	for _, kind := range []string{"Headless", ""} {
		s.annotateAll(config.LeaderServiceTypeKey, kind)
		want := kind
		if kind == "" {
			want = "ClusterIP"
		}
		made := s.isExternal(want)
		s.says("web", "a leads with a slice of the new leader Service", func(l leadership) bool {
			owner := metav1.GetControllerOf(history.slice(s.namespace, "web-leader-ipv4"))
			return l.Leader == "a" && l.Ready && owner != nil && owner.UID == made.UID
		})
	}
}

// TestATypeThatNobodyHasAskedForIsUndone: whoever may change Services may change a leader Service too, while admission is away.
func TestATypeThatNobodyHasAskedForIsUndone(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t)
	address := s.isExternal("ClusterIP").Spec.ClusterIP
	s.patchService("web-leader", `{"spec":{"type":"LoadBalancer"}}`)
	if now := s.isExternal("ClusterIP"); now.Spec.ClusterIP != address {
		t.Error("it has another cluster IP")
	}
	s.annotate("web", config.LeaderServiceTypeKey, "LoadBalancer")
	s.isExternal("LoadBalancer Cluster on nodes")
	s.patchService("web-leader", `{"spec":{"type":"ClusterIP"}}`)
	s.isExternal("LoadBalancer Cluster on nodes")
}

// TestTheAddressOfALoadBalancerStays: the cloud's controller writes it to the status that has Tanist's condition, and some write it to the spec, too.
func TestTheAddressOfALoadBalancerStays(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.LeaderServiceTypeKey, "LoadBalancer"))
	s.isExternal("LoadBalancer Cluster on nodes")
	s.hasCondition(metav1.ConditionFalse, "NoCandidate")
	s.patchService("web-leader", `{"spec":{"loadBalancerIP":"198.51.100.7"}}`)
	s.patchStatus("web-leader", `{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.7"}]}}}`)
	s.withReadyPod("web", "a")
	s.hasCondition(metav1.ConditionTrue, "LeaderReady")
	s.patchService("web", `{"spec":{"ports":[{"name":"http","port":8080}]}}`) // Tanist writes the spec, too
	s.exists("web-leader", func(service *corev1.Service) string {
		ingress, spec := service.Status.LoadBalancer.Ingress, service.Spec
		if len(ingress) != 1 || ingress[0].IP != "198.51.100.7" || spec.LoadBalancerIP != "198.51.100.7" || spec.Ports[0].Port != 8080 {
			return fmt.Sprintf("port 8080 and the load balancer's address, got %v and spec %+v", ingress, spec)
		}
		return ""
	})
	s.annotate("web", config.LeaderServiceTypeKey, "ClusterIP")
	if now := s.isExternal("ClusterIP"); now.Spec.LoadBalancerIP != "" {
		t.Errorf("the address %s stays without the type", now.Spec.LoadBalancerIP)
	}
}

func TestAContradictionIsRefusedOrLeavesTheLastGood(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t, annotation(config.LeaderServiceTypeKey, "NodePort"), annotation(config.PreferredNodesKey, "zone=a"))
	s.isExternal("NodePort Cluster on nodes")
	// Admission is not installed here, so everything gets past it.
	s.annotateAll(config.LeaderServiceTypeKey, "Nodeport", config.PreferredNodesKey, "zone=(", config.HandoverOnKey, "reboot")
	s.warned("web", "InvalidAnnotation", "leader-service-type")
	s.warned("web", "InvalidAnnotation", "preferred-nodes")
	s.warned("web", "InvalidAnnotation", `"reboot"`)
	s.isExternal("NodePort Cluster on nodes")
	s.annotateAll(config.LeaderServiceTypeKey, "", config.ExternalTrafficPolicyKey, "Local")
	s.warned("web", "InvalidAnnotation", "needs tanist.dev/leader-service-type: NodePort or LoadBalancer")
	s.isExternal("ClusterIP")
}

func (s *testNamespace) patchStatus(service, body string) {
	s.t.Helper()
	patch(s.t, clientset.CoreV1().Services(s.namespace), "application/merge-patch+json", service, body, "status")
}

// TestAnExternalTypeNeedsAValueOfTheChart: by default the policy for Tanist's account refuses what opens a leader Service to the outside. An
// Event says how to allow it, and everything else goes on.
func TestAnExternalTypeNeedsAValueOfTheChart(t *testing.T) {
	s := newNamespace(t)
	newTanist(t).startElected()
	s.limitToDefaults()
	s.withService("web", annotation(config.LeaderServiceTypeKey, "NodePort"))
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.warned("web", "WriteRefused", "accountPolicy.externalLeaderServices is false")
	s.patchService("web", `{"metadata":{"labels":{"team":"shop"},"annotations":{"tanist.dev/copy-labels":"team"}}}`)
	s.exists("web-leader", func(service *corev1.Service) string {
		if kind := external(service); kind != "ClusterIP" || service.Labels["team"] != "shop" {
			return fmt.Sprintf("a Service of type ClusterIP with the label, got %q with %v", kind, service.Labels)
		}
		return ""
	})
	s.annotate("web", config.LeaderServiceTypeKey, "Headless") // needs no value
	s.isExternal("Headless")
	s.leads("web", "a")
}

// TestARefusedTypeIsWarnedOf: whoever asks for a type that the API server would refuse learns it at once, and not from an Event later.
func TestARefusedTypeIsWarnedOf(t *testing.T) {
	admitting(t)
	c, said := warnedClient(t)
	s := newNamespace(t)
	s.limitToDefaults()
	warnedOf := func(kind string, call func(services typedcorev1.ServiceInterface) error) {
		t.Helper()
		said.texts = nil
		if err := call(c.CoreV1().Services(s.namespace)); err != nil {
			t.Fatal(err)
		}
		if kind == "" {
			if len(said.texts) > 0 {
				t.Errorf("unexpected warnings: %q", said.texts)
			}
			return
		}
		if len(said.texts) != 1 || !strings.HasPrefix(said.texts[0], "tanist: the leader Service web-leader cannot be of type "+kind+": ") ||
			!strings.Contains(said.texts[0], "accountPolicy.externalLeaderServices is false") {
			t.Errorf("got warnings %q, want one about %s that names the chart's value", said.texts, kind)
		}
	}
	annotated := func(pairs string) func(typedcorev1.ServiceInterface) error {
		return func(services typedcorev1.ServiceInterface) error {
			_, err := services.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"annotations":{`+pairs+`}}}`), metav1.PatchOptions{})
			return err
		}
	}
	warnedOf("NodePort", func(services typedcorev1.ServiceInterface) error {
		_, err := services.Create(t.Context(), s.serviceOf("web", annotation(config.LeaderServiceTypeKey, "NodePort")), metav1.CreateOptions{})
		return err
	})
	s.isExternal("ClusterIP")
	warnedOf("LoadBalancer", annotated(`"tanist.dev/leader-service-type":"LoadBalancer"`))
	warnedOf("", annotated(`"tanist.dev/min-ready":"1s"`)) // says nothing about the type
	warnedOf("", annotated(`"tanist.dev/leader-service-type":"Headless"`))
}

// limitToDefaults adds the policy for Services that the chart has by default, for this namespace alone, until the test ends.
func (s *testNamespace) limitToDefaults() {
	s.t.Helper()
	objects, err := install.Render()
	if err != nil {
		s.t.Fatal(err)
	}
	api, err := client.New(cluster, client.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	name := configurations + "-" + s.namespace
	here := map[string]any{"matchLabels": map[string]any{corev1.LabelMetadataName: s.namespace}}
	for _, object := range objects {
		if object.GetName() != configurations+"-services" {
			continue
		}
		object.SetName(name)
		spec := object.Object["spec"].(map[string]any)
		if object.GetKind() == "ValidatingAdmissionPolicyBinding" {
			spec["policyName"] = name
		} else {
			spec["matchConstraints"].(map[string]any)["namespaceSelector"] = here
		}
		if err := install.Apply(s.t.Context(), api, object); err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() {
			if err := api.Delete(context.WithoutCancel(s.t.Context()), object); err != nil {
				s.t.Error(err)
			}
		})
	}
	c := thief{newClient(s.t, func(config *rest.Config) { config.Impersonate = account }), s.t}
	source := s.service(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: userService().Spec})
	history.eventually(s.t, func() string {
		if err := c.createService(source, func(leader *corev1.Service) {
			leader.Spec.Type, leader.Annotations = corev1.ServiceTypeNodePort, map[string]string{config.LeaderServiceTypeKey: "NodePort"}
		}); !denied(err) {
			return fmt.Sprintf("that the default policy is in force, got %v", err)
		}
		return ""
	})
}
