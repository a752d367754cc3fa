//go:build integration

package integration_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// What the policies let Tanist's own account write. Dry runs are admitted like any request, and change nothing.

var (
	tryingToCreate = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	tryingToUpdate = metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}}
	tryingToDelete = metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}
)

// thief is a client with Tanist's account.
type thief struct {
	*kubernetes.Clientset
	t *testing.T
}

func newThief(t *testing.T) thief {
	t.Helper()
	newTanist(t) // which has the rights
	return thief{newClient(t, func(config *rest.Config) { config.Impersonate = account }), t}
}

// leaderOf is a leader Service as Tanist makes it.
func leaderOf(source *corev1.Service, name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: source.Namespace, Name: name,
			Labels:          map[string]string{config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: source.Name},
			OwnerReferences: []metav1.OwnerReference{leaderslice.ControllerReference(source)},
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}
}

// userService is a Service that is not Tanist's.
func userService() *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}},
	}}
}

// sliceOf is a slice of a leader Service as Tanist makes it.
func sliceOf(leader *corev1.Service, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: leader.Namespace, Name: leader.Name + "-ipv4",
			Labels: map[string]string{
				discoveryv1.LabelServiceName: leader.Name, discoveryv1.LabelManagedBy: config.SliceManagedBy,
				config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: "web",
			},
			OwnerReferences: []metav1.OwnerReference{leaderslice.ControllerReference(leader)},
		},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: endpoints,
	}
}

func endpointIn(namespace string) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		Addresses: []string{"10.66.0.1"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: "a", UID: "a"},
	}
}

// createService tries to create what change makes of a leader Service.
func (c thief) createService(source *corev1.Service, change ...func(*corev1.Service)) error {
	leader := leaderOf(source, "boss")
	for _, change := range change {
		change(leader)
	}
	_, err := c.CoreV1().Services(leader.Namespace).Create(c.t.Context(), leader, tryingToCreate)
	return err
}

// updateService tries to change a Service.
func (c thief) updateService(service *corev1.Service, change func(*corev1.Service)) error {
	changed := service.DeepCopy()
	change(changed)
	// Tanist patches Services, and has no right to update them.
	body, err := client.MergeFrom(service).Data(changed)
	if err != nil {
		return err
	}
	_, err = c.CoreV1().Services(service.Namespace).Patch(c.t.Context(), service.Name, client.MergeFrom(service).Type(), body,
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// setStatus tries to change the status of a Service.
func (c thief) setStatus(service *corev1.Service, change func(*corev1.Service)) error {
	changed := service.DeepCopy()
	change(changed)
	body, err := client.MergeFrom(service).Data(changed)
	if err != nil {
		return err
	}
	_, err = c.CoreV1().Services(service.Namespace).Patch(c.t.Context(), service.Name, client.MergeFrom(service).Type(), body,
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}, "status")
	return err
}

// createSlice tries to create what change makes of a leader Service's slice.
func (c thief) createSlice(leader *corev1.Service, change ...func(*discoveryv1.EndpointSlice)) error {
	slice := sliceOf(leader, endpointIn(leader.Namespace))
	for _, change := range change {
		change(slice)
	}
	_, err := c.DiscoveryV1().EndpointSlices(slice.Namespace).Create(c.t.Context(), slice, tryingToCreate)
	return err
}

// updateSlice tries to change a slice.
func (c thief) updateSlice(slice *discoveryv1.EndpointSlice, change func(*discoveryv1.EndpointSlice)) error {
	slice = slice.DeepCopy()
	change(slice)
	_, err := c.DiscoveryV1().EndpointSlices(slice.Namespace).Update(c.t.Context(), slice, tryingToUpdate)
	return err
}

// inForce waits until the API server applies the policies.
func (c thief) inForce() {
	c.t.Helper()
	service, err := clientset.CoreV1().Services("default").Get(c.t.Context(), "kubernetes", metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	slice, err := clientset.DiscoveryV1().EndpointSlices("default").Get(c.t.Context(), "kubernetes", metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	history.eventually(c.t, func() string {
		for _, err := range []error{
			c.updateService(service, func(s *corev1.Service) { s.Labels["x"] = "y" }),
			c.updateSlice(slice, func(s *discoveryv1.EndpointSlice) { s.Labels["x"] = "y" }),
		} {
			if !denied(err) {
				return fmt.Sprintf("that the policies are in force, got %v", err)
			}
		}
		return ""
	})
}

// denied reports whether an answer of the API server is that a policy for Tanist's account has refused a request.
func denied(err error) bool {
	return apierrors.ReasonForError(err) != metav1.StatusReasonUnknown && strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+configurations+"-")
}

// service creates a Service as an administrator.
func (s *testNamespace) service(service *corev1.Service) *corev1.Service {
	s.t.Helper()
	service.Namespace = s.namespace
	created, err := clientset.CoreV1().Services(s.namespace).Create(s.t.Context(), service, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return created
}

// slice creates an EndpointSlice as an administrator.
func (s *testNamespace) slice(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	s.t.Helper()
	slice.Namespace = s.namespace
	created, err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Create(s.t.Context(), slice, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return created
}

// leaderReady sets the condition that Tanist sets.
func leaderReady(s *corev1.Service) {
	s.Status.Conditions = []metav1.Condition{{
		Type: config.LeaderReadyCondition, Status: metav1.ConditionTrue, Reason: "LeaderReady", LastTransitionTime: metav1.Now(),
	}}
}

// TestWhatThePolicyRefuses: each is what a stolen account could do with the rights alone.
func TestWhatThePolicyRefuses(t *testing.T) {
	c := newThief(t)
	c.inForce()
	s, other := newNamespace(t), newNamespace(t, config.EnabledKey+"=false")
	source, elsewhere := s.service(userService()), other.service(userService())
	leader, balanced := s.service(leaderOf(source, "web-leader")), leaderOf(source, "balanced")
	balanced.Spec.Type = corev1.ServiceTypeLoadBalancer
	balanced = s.service(balanced)
	slice := s.slice(sliceOf(leader, endpointIn(s.namespace)))
	foreign := s.slice(&discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "foreign", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	})
	in := func(namespace string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Namespace = namespace }
	}
	for what, try := range map[string]func() error{
		"a Service with a selector": func() error {
			return c.createService(source, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "x"} })
		},
		"a Service with an external IP": func() error {
			return c.createService(source, func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"198.51.100.1"} })
		},
		"a NodePort": func() error {
			return c.createService(source, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort })
		},
		"a load balancer that is recorded as a node port": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.Spec.Type, s.Annotations = corev1.ServiceTypeLoadBalancer, map[string]string{config.LeaderServiceTypeKey: "NodePort"}
			})
		},
		"a load balancer with an address of its choice": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.Spec.Type, s.Annotations = corev1.ServiceTypeLoadBalancer, map[string]string{config.LeaderServiceTypeKey: "LoadBalancer"}
				s.Spec.LoadBalancerIP = "198.51.100.1"
			})
		},
		"external addresses of a load balancer that was asked for": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.Spec.Type, s.Annotations = corev1.ServiceTypeLoadBalancer, map[string]string{config.LeaderServiceTypeKey: "LoadBalancer"}
				s.Spec.ExternalIPs = []string{"198.51.100.1"}
			})
		},
		"a change of a leader Service to a load balancer": func() error {
			return c.updateService(leader, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer })
		},
		"an external name": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "example.com"
			})
		},
		"a Service without labels":     func() error { return c.createService(source, func(s *corev1.Service) { s.Labels = nil }) },
		"a Service without controller": func() error { return c.createService(source, func(s *corev1.Service) { s.OwnerReferences = nil }) },
		"a Service whose owners hide that it has no controller": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.OwnerReferences = nil
				for i := range 20_000 {
					s.OwnerReferences = append(s.OwnerReferences,
						metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: "p", UID: source.UID + types.UID(fmt.Sprint(i))})
				}
			})
		},
		"a Service in a namespace that has not opted in": func() error { return c.createService(elsewhere) },
		"a Service in kube-system": func() error {
			err := c.createService(source, in("kube-system"))
			if denied(err) && !strings.Contains(err.Error(), "Tanist writes nothing in kube-system") {
				return fmt.Errorf("refused for another reason: %s", err.Error()[:20])
			}
			return err
		},
		"a change of a leader Service to one with a selector": func() error {
			return c.updateService(leader, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "x"} })
		},
		"a change of a user's Service": func() error {
			return c.updateService(source, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "x"} })
		},
		"taking a user's Service": func() error {
			return c.updateService(source, func(s *corev1.Service) {
				mine := leaderOf(source, source.Name)
				s.Labels, s.OwnerReferences, s.Spec.Selector = mine.Labels, mine.OwnerReferences, nil
			})
		},
		// Of other types, the API server itself refuses it.
		"an address of the load balancer of a leader Service that somebody has given one": func() error {
			return c.setStatus(balanced, func(s *corev1.Service) {
				s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "198.51.100.1"}}
			})
		},
		"a condition of a user's Service": func() error { return c.setStatus(source, leaderReady) },
		"a deletion of a user's Service": func() error {
			return c.CoreV1().Services(s.namespace).Delete(t.Context(), source.Name, tryingToDelete)
		},
		"a deletion of the API server's Service": func() error {
			return c.CoreV1().Services("default").Delete(t.Context(), "kubernetes", tryingToDelete)
		},
		"two endpoints": func() error {
			return c.createSlice(leader, func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = append(slice.Endpoints, endpointIn(s.namespace))
			})
		},
		"two endpoints where there was one": func() error {
			return c.updateSlice(slice, func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = append(slice.Endpoints, endpointIn(s.namespace))
			})
		},
		"another namespace's pod": func() error {
			return c.updateSlice(slice, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0] = endpointIn(other.namespace) })
		},
		"an endpoint that is no pod": func() error {
			return c.updateSlice(slice, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0].TargetRef = nil })
		},
		"a slice without labels": func() error {
			return c.createSlice(leader, func(slice *discoveryv1.EndpointSlice) {
				slice.Labels = map[string]string{discoveryv1.LabelServiceName: leader.Name}
			})
		},
		"a slice that something else controls": func() error {
			return c.createSlice(leader, func(slice *discoveryv1.EndpointSlice) {
				slice.OwnerReferences = []metav1.OwnerReference{leaderslice.ControllerReference(source)}
			})
		},
		"a slice in a namespace that has not opted in": func() error { return c.createSlice(elsewhere) },
		"a change of a user's slice": func() error {
			return c.updateSlice(foreign, func(slice *discoveryv1.EndpointSlice) {
				slice.Endpoints = []discoveryv1.Endpoint{endpointIn(s.namespace)}
			})
		},
		"a deletion of a user's slice": func() error {
			return c.DiscoveryV1().EndpointSlices(s.namespace).Delete(t.Context(), foreign.Name, tryingToDelete)
		},
		"a deletion of the API server's Endpoints": func() error {
			return c.CoreV1().Endpoints("default").Delete(t.Context(), "kubernetes", tryingToDelete)
		},
	} {
		t.Run(what, func(t *testing.T) {
			if err := try(); !denied(err) {
				t.Errorf("the policy does not refuse %s: %v", what, err)
			}
		})
	}
}

// TestWhatThePolicyLetsPass: what Tanist writes, each by itself. That it can do all that it has to is what the other tests show, whose
// replicas have the same account.
func TestWhatThePolicyLetsPass(t *testing.T) {
	c := newThief(t)
	c.inForce()
	s, other := newNamespace(t), newNamespace(t, config.EnabledKey+"=false")
	source, elsewhere := s.service(userService()), other.service(userService())
	leader, kept := s.service(leaderOf(source, "web-leader")), other.service(leaderOf(elsewhere, "web-leader"))
	slice, keptSlice := s.slice(sliceOf(leader, endpointIn(s.namespace))), other.slice(sliceOf(kept, endpointIn(other.namespace)))
	unlabelled, restored, selecting := leaderOf(source, "unlabelled"), leaderOf(source, "restored"), leaderOf(source, "selecting")
	unlabelled.Labels, restored.OwnerReferences, selecting.Spec.Selector = nil, nil, map[string]string{"app": "x"}
	unlabelled, restored, selecting = s.service(unlabelled), s.service(restored), s.service(selecting)
	balanced := leaderOf(source, "balanced")
	balanced.Spec.Type = corev1.ServiceTypeLoadBalancer
	balanced = s.service(balanced)
	s.patchStatus("balanced", `{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.1"}]}}}`)
	annotate := func(service *corev1.Service) { service.Annotations = map[string]string{config.OrphanedSinceKey: "now"} }
	for what, try := range map[string]func() error{
		"a leader Service": func() error { return c.createService(source) },
		"a load balancer that was asked for": func() error {
			return c.createService(source, func(s *corev1.Service) {
				s.Spec.Type, s.Annotations = corev1.ServiceTypeLoadBalancer, map[string]string{config.LeaderServiceTypeKey: "LoadBalancer"}
			})
		},
		"a headless leader Service": func() error {
			return c.createService(source, func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone })
		},
		"the condition of a leader Service with a load balancer": func() error { return c.setStatus(balanced, leaderReady) },
		"the end of a load balancer": func() error {
			return c.updateService(balanced, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })
		},
		"its slice": func() error { return c.createSlice(restored) },
		"a change of a leader Service": func() error {
			return c.updateService(leader, func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 })
		},
		"the condition of a leader Service":             func() error { return c.setStatus(leader, leaderReady) },
		"that of one whose namespace no longer opts in": func() error { return c.setStatus(kept, leaderReady) },
		"a change of a slice": func() error {
			return c.updateSlice(slice, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = []discoveryv1.Endpoint{} })
		},
		"the mark of a leader Service whose namespace no longer opts in": func() error { return c.updateService(kept, annotate) },
		"a hand-over in a namespace that no longer opts in": func() error {
			return c.updateSlice(keptSlice, func(slice *discoveryv1.EndpointSlice) { slice.Endpoints[0].Addresses[0] = "10.66.0.2" })
		},
		"a repair of labels": func() error {
			return c.updateService(unlabelled, func(s *corev1.Service) { s.Labels = leader.Labels })
		},
		"an adoption": func() error {
			return c.updateService(restored, func(s *corev1.Service) { s.OwnerReferences = leader.OwnerReferences })
		},
		"a repair of a selector":                             func() error { return c.updateService(selecting, func(s *corev1.Service) { s.Spec.Selector = nil }) },
		"the mark of a leader Service that is left as it is": func() error { return c.updateService(selecting, annotate) },
		"a deletion of a leader Service": func() error {
			return c.CoreV1().Services(other.namespace).Delete(t.Context(), kept.Name, tryingToDelete)
		},
		"a deletion of a slice": func() error {
			return c.DiscoveryV1().EndpointSlices(other.namespace).Delete(t.Context(), keptSlice.Name, tryingToDelete)
		},
	} {
		t.Run(what, func(t *testing.T) {
			if err := try(); err != nil {
				t.Errorf("%s is refused: %v", what, err)
			}
		})
	}
}
