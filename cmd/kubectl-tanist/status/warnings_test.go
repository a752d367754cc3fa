package status

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
)

func source(changes ...func(*corev1.Service)) func(*Objects) {
	return func(o *Objects) { o.Service = web(changes...); o.Services[0] = o.Service }
}

func annotated(key, value string) func(*Objects) {
	return source(func(s *corev1.Service) { s.Annotations[key] = value })
}

// refusing adds an Event about a rejected write. After it, Tanist has written an object (nil for none).
func refusing(message string, written func(*Objects) metav1.Object) func(*Objects) {
	return func(o *Objects) {
		o.Events = []*corev1.Event{{
			InvolvedObject: corev1.ObjectReference{Kind: "Service", Name: "web", UID: "web"},
			Reason:         ReasonWriteRefused, Message: message, EventTime: metav1.NewMicroTime(t0),
		}}
		if written != nil {
			later := metav1.NewTime(t0.Add(time.Minute))
			written(o).SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: config.ManagedBy, Time: &later}})
		}
	}
}

// upToDate gives the leader Service all that Tanist writes to one of type ClusterIP.
func upToDate(o *Objects) {
	o.Services[1] = leaderservice.Mirror(o.Services[1], o.Service, config.DefaultOptions("web"), leaderslice.Parse(o.Slices[0]).State)
}

func TestWarnings(t *testing.T) {
	nobodyLeads := func(o *Objects) { o.Slices = []*discoveryv1.EndpointSlice{slice(nobody)} }
	cases := map[string]struct {
		changes []func(*Objects)
		want    []string
	}{
		"all is well": {},
		"the namespace is not opted in": {
			changes: []func(*Objects){func(o *Objects) { o.Namespace = shop(nil) }}, want: []string{"namespace not opted in"},
		},
		"whether the namespace is opted in is not known": {changes: []func(*Objects){func(o *Objects) { o.Namespace = nil }}},
		"the Service is not opted in": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Annotations = nil })}, want: []string{"Service not opted in"},
		},
		"wrong annotations": {
			changes: []func(*Objects){source(func(s *corev1.Service) {
				s.Annotations[config.StrategyKey], s.Annotations["tanist.dev/stiky"] = "best", "true"
			})},
			want: []string{"wrong annotation strategy", "wrong annotation stiky"},
		},
		"an opt-in that is neither true nor false": {
			changes: []func(*Objects){annotated(config.EnabledKey, "yes")}, want: []string{"wrong annotation enabled"},
		},
		"an opt-in that is neither true nor false, in a namespace that has not opted in": {
			changes: []func(*Objects){annotated(config.EnabledKey, "yes"), func(o *Objects) { o.Namespace = shop(nil) }},
			want:    []string{"wrong annotation enabled", "namespace not opted in"},
		},
		"a label that is neither true nor false": {
			changes: []func(*Objects){func(o *Objects) { o.Namespace = shop(map[string]string{config.EnabledKey: "yes"}) }},
			want:    []string{"namespace not opted in", "wrong namespace label enabled=yes"},
		},
		"no selector": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Spec.Selector = nil }), nobodyLeads},
			want:    []string{"cannot have a leader", "no leader: no pod selected"},
		},
		"no port": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Spec.Ports = nil })}, want: []string{"cannot have a leader"},
		},
		"the leader Service is still to be made": {
			changes: []func(*Objects){func(o *Objects) { o.Services, o.Slices = o.Services[:1], nil }}, want: []string{"no leader Service yet"},
		},
		"the leader Service is still to be made, and an annotation is wrong": {
			changes: []func(*Objects){annotated(config.StrategyKey, "best"), func(o *Objects) { o.Services, o.Slices = o.Services[:1], nil }},
			want:    []string{"wrong annotation strategy", "no leader Service yet"},
		},
		"nothing can be made without a port": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Spec.Ports = nil }), func(o *Objects) { o.Services, o.Slices = o.Services[:1], nil }},
			want:    []string{"cannot have a leader"},
		},
		"something else has the leader Service's name": {
			changes: []func(*Objects){func(o *Objects) {
				o.Services[1], o.Slices = boss(func(s *corev1.Service) { s.OwnerReferences = nil }), nil
			}},
			want: []string{"name taken"},
		},
		"something else has its new name, and the old one is still in use": {
			changes: []func(*Objects){annotated(config.LeaderServiceKey, "chief"), func(o *Objects) {
				o.Services = append(o.Services, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "chief"}})
			}},
			want: []string{"name taken"},
		},
		"no pod is selected": {
			changes: []func(*Objects){nobodyLeads, func(o *Objects) { o.Pods = nil }}, want: []string{"no leader: no pod selected"},
		},
		"no pod is ready": {
			changes: []func(*Objects){nobodyLeads, func(o *Objects) { o.Pods = o.Pods[2:] }}, want: []string{"no leader: no ready pod"},
		},
		"a pod is ready, and nobody leads":            {changes: []func(*Objects){nobodyLeads}, want: []string{"no leader"}},
		"nobody leads, and why may not be looked for": {changes: []func(*Objects){nobodyLeads, func(o *Objects) { o.PodsKnown = false }}, want: []string{"no leader"}},
		"the leader is the last resort": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices[0].Endpoints[0] = endpoint("a", "10.0.0.1", false)
			}},
			want: []string{"leader terminating"},
		},
		"a slice of someone else's takes traffic": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices = append(o.Slices, slice(func(s *discoveryv1.EndpointSlice) {
					s.Name, s.OwnerReferences = "stray", nil
					s.Endpoints = []discoveryv1.Endpoint{endpoint("z", "10.0.0.9", true)}
				}))
			}},
			want: []string{"several ready endpoints"},
		},
		"a slice of someone else's that is empty takes none": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices = append(o.Slices, slice(nobody, func(s *discoveryv1.EndpointSlice) { s.Name, s.OwnerReferences = "stray", nil }))
			}},
		},
		"a slice of someone else's takes all traffic": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices = []*discoveryv1.EndpointSlice{slice(nobody), slice(func(s *discoveryv1.EndpointSlice) {
					s.Name, s.OwnerReferences, s.Labels[discoveryv1.LabelManagedBy] = "stray", nil, mirroringController
					s.Endpoints = []discoveryv1.Endpoint{endpoint("z", "10.0.0.9", true)}
				})}
			}},
			want: []string{"no leader", "foreign EndpointSlice"},
		},
		"what Kubernetes made of a selector has the controller of Tanist's own": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices = append(o.Slices, slice(func(s *discoveryv1.EndpointSlice) {
					s.Name, s.Labels[discoveryv1.LabelManagedBy] = "web-leader-x7k2p", endpointSliceController
					s.Endpoints = []discoveryv1.Endpoint{endpoint("b", "10.0.0.2", true)}
				}))
			}},
			want: []string{"several ready endpoints"},
		},
		"labels that someone edited hide no leader": {
			changes: []func(*Objects){func(o *Objects) {
				o.Services[1].Labels = nil
				delete(o.Slices[0].Labels, discoveryv1.LabelManagedBy)
			}},
		},
		"the namespace is not opted in any longer": {
			changes: []func(*Objects){func(o *Objects) {
				o.Namespace = shop(nil)
				o.Services[1].Annotations[config.OrphanedSinceKey] = "2026-03-01T12:00:00Z"
			}},
			want: []string{"namespace not opted in"},
		},
		"a write is refused": {
			changes: []func(*Objects){refusing("failed to create Service web-leader: exceeded quota", nil), func(o *Objects) {
				o.Services, o.Slices = o.Services[:1], nil
			}},
			want: []string{"no leader Service yet", "write refused"},
		},
		"a write was refused, and taken since": {
			changes: []func(*Objects){refusing("failed to patch Service web-leader: no", func(o *Objects) metav1.Object { return o.Services[1] })},
		},
		"a slice's write is refused, and the Service's is not": {
			changes: []func(*Objects){refusing("failed to update EndpointSlice web-leader-ipv4: no", func(o *Objects) metav1.Object { return o.Services[1] })},
			want:    []string{"write refused"},
		},
		"a write is refused, and there is still something to write": {
			changes: []func(*Objects){refusing("failed to patch Service web-leader: no", nil), annotated(config.LeaderServiceTypeKey, "NodePort"), upToDate},
			want:    []string{"write refused", "leader Service of another type"},
		},
		"a write was refused, and nothing is left to be written": {
			changes: []func(*Objects){refusing("failed to patch Service web-leader: no", nil), upToDate},
		},
		"a write was refused, and the Service has opted out since": {
			changes: []func(*Objects){refusing("failed to create Service web-leader: no", nil), annotated(config.EnabledKey, "false"), func(o *Objects) {
				o.Services, o.Slices = o.Services[:1], nil
			}},
			want: []string{"Service not opted in"},
		},
		"a change was refused, and the leader Service is about to go": {
			changes: []func(*Objects){refusing("failed to patch Service web-leader: no", nil), annotated(config.EnabledKey, "false")},
			want:    []string{"Service not opted in"},
		},
		"the deletion is refused": {
			changes: []func(*Objects){refusing("failed to delete Service web-leader: no", nil), annotated(config.EnabledKey, "false")},
			want:    []string{"Service not opted in", "write refused"},
		},
		"the deletion was refused, and the Service has opted in again": {
			changes: []func(*Objects){refusing("failed to delete Service web-leader: no", nil), upToDate},
		},
		"the creation was refused, and the namespace has opted out since": {
			changes: []func(*Objects){refusing("failed to create Service web-leader: no", nil), func(o *Objects) {
				o.Namespace, o.Services, o.Slices = shop(nil), o.Services[:1], nil
			}},
			want: []string{"namespace not opted in"},
		},
		"another name was refused": {
			changes: []func(*Objects){refusing("failed to create Service chief: no", nil)},
		},
		"the creation was refused, and has succeeded since": {
			changes: []func(*Objects){refusing("failed to create Service web-leader: no\nfailed to create EndpointSlice web-leader-ipv4: no", nil)},
		},
		"another Service's write is refused": {
			changes: []func(*Objects){refusing("failed to create Service web-leader: no", nil), func(o *Objects) { o.Events[0].InvolvedObject.UID = "api" }},
		},
		"one endpoint of each family is one leader": {
			changes: []func(*Objects){func(o *Objects) { o.Slices = append(o.Slices, slice(ipv6)) }},
		},
		"the leader lacks a port": {
			changes: []func(*Objects){source(func(s *corev1.Service) {
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 9000})
			})},
			want: []string{"incomplete leader"},
		},
		"the leader lacks a family that is required": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyRequireDualStack) }), func(o *Objects) {
				o.Slices = append(o.Slices, slice(ipv6, func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }))
			}},
			want: []string{"incomplete leader"},
		},
		"the leader lacks a family that is preferred": {
			changes: []func(*Objects){source(func(s *corev1.Service) { s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack) }), func(o *Objects) {
				o.Slices = append(o.Slices, slice(ipv6, func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }))
			}},
		},
		"the leader's pod has no readiness probe": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = nil })
			}},
			want: []string{"no readiness probe"},
		},
		"a pod that does not lead may have none, too": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[1] = pod("b", func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = nil })
			}},
		},
		"the leader's pod has no drain window": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0] = pod("a", hookless) }}, want: []string{"no drain window"},
		},
		"the successor has no drain window": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[1] = pod("b", hookless) }}, want: []string{"successor without drain window"},
		},
		"neither leader nor successor has a drain window": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0], o.Pods[1] = pod("a", hookless), pod("b", hookless) }}, want: []string{"no drain window"},
		},
		"a pod that neither leads nor follows may have none": {changes: []func(*Objects){func(o *Objects) { o.Pods[2] = pod("c", hookless, unready) }}},
		"the leader has gone, and Tanist has not moved it": {
			changes: []func(*Objects){func(o *Objects) { o.Pods = o.Pods[1:] }}, want: []string{"leader gone"},
		},
		"the leader has finished": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0] = pod("a", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }) }},
			want:    []string{"leader gone"},
		},
		"the leader is not ready, and Tanist has not moved it": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0] = pod("a", unready) }}, want: []string{"leader not ready"},
		},
		"the leader is not ready, and there is a grace": {
			changes: []func(*Objects){annotated(config.NotReadyGraceKey, "5s"), func(o *Objects) { o.Pods[0] = pod("a", unready) }},
			want:    []string{"leader not ready"},
		},
		"the leader has no other pod beside it": {
			changes: []func(*Objects){func(o *Objects) { o.Pods = o.Pods[:1] }}, want: []string{"single candidate"},
		},
		"the preferred leader exists": {changes: []func(*Objects){annotated(config.PreferredLeaderKey, "c")}},
		"the preferred leader does not exist": {
			changes: []func(*Objects){annotated(config.PreferredLeaderKey, "z")}, want: []string{"no preferred leader"},
		},
		"the preferred leader is another's pod": {
			changes: []func(*Objects){annotated(config.PreferredLeaderKey, "z"), func(o *Objects) {
				o.Pods = append(o.Pods, pod("z", func(p *corev1.Pod) { p.Labels = nil }))
			}},
			want: []string{"no preferred leader"},
		},
		"whether the preferred leader exists is not known": {
			changes: []func(*Objects){annotated(config.PreferredLeaderKey, "z"), func(o *Objects) { o.Pods, o.PodsKnown = nil, false }},
		},
		"the preferred leader should not lead": {
			changes: []func(*Objects){annotated(config.PreferredLeaderKey, "c"), func(o *Objects) {
				o.Pods[2].Annotations = map[string]string{config.CandidateKey: "false"}
			}},
			want: []string{"no preferred leader"},
		},
		"the leader should not lead": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0].Annotations = map[string]string{config.CandidateKey: "false"} }},
			want:    []string{"excluded leader"},
		},
		"the leader is of another workload": {
			changes: []func(*Objects){annotated(config.SameControllerKey, "StatefulSet/db")}, want: []string{"excluded leader"},
		},
		"no pod has the condition": {
			changes: []func(*Objects){nobodyLeads, annotated(config.CandidateConditionKey, "example.com/CaughtUp"), func(o *Objects) {
				o.Services[1].Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
			}},
			want: []string{"no leader: no pod can take traffic"},
		},
		"whether a pod may lead is mistyped": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[1].Annotations = map[string]string{config.CandidateKey: "no"} }},
			want:    []string{"wrong pod annotation candidate"},
		},
		"a pause": {changes: []func(*Objects){annotated(config.PausedKey, "true")}, want: []string{"hand-overs paused"}},
		"a pause that holds nothing back": {
			changes: []func(*Objects){annotated(config.PausedKey, "true"), pausedFor(NothingHeldBack)}, want: []string{"hand-overs paused"},
		},
		"a pause that holds a move back": {
			changes: []func(*Objects){annotated(config.PausedKey, "true"), pausedFor("NodeGoing")}, want: []string{"hand-over held back"},
		},
		"a leader Service that has yet to get its type": {
			changes: []func(*Objects){annotated(config.LeaderServiceTypeKey, "NodePort")}, want: []string{"leader Service of another type"},
		},
		"an old leader that is to be evicted": {
			changes: []func(*Objects){annotated(config.AfterHandoverKey, "evict"), after("b")}, want: []string{"old leader not evicted"},
		},
		"an old leader that is gone":       {changes: []func(*Objects){annotated(config.AfterHandoverKey, "evict"), after("z")}},
		"an old leader that is called":     {changes: []func(*Objects){annotated(config.AfterHandoverKey, "/a"), after("b")}},
		"an old leader of another Service": {changes: []func(*Objects){annotated(config.AfterHandoverKey, "evict"), after("b"), func(o *Objects) { o.Slices[0].OwnerReferences = nil }}, want: []string{"no leader", "foreign EndpointSlice"}},
		"an old leader that is being deleted": {
			changes: []func(*Objects){annotated(config.AfterHandoverKey, "evict"), after("b"), func(o *Objects) { o.Pods[1].DeletionTimestamp = &metav1.Time{Time: t0} }},
		},
		"a wrong type": {
			changes: []func(*Objects){annotated(config.LeaderServiceTypeKey, "Nodeport"), func(o *Objects) {
				o.Services[1].Spec.Type = corev1.ServiceTypeNodePort // the last good one
			}},
			want: []string{"wrong annotation leader-service-type"},
		},
		"annotations of pods are wrong": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[1].Annotations = map[string]string{config.PriorityKey: "high"}
				o.Pods[2].Annotations = map[string]string{config.DrainWindowKey: "long"}
			}},
			want: []string{"wrong pod annotation priority", "wrong pod annotation drain-window"},
		},
		"pods are ready, and none has an address of the family": {
			changes: []func(*Objects){nobodyLeads, func(o *Objects) { o.Services[1].Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} }},
			want:    []string{"no leader: no pod can take traffic"},
		},
		"no drain window is what its user wants": {
			changes: []func(*Objects){func(o *Objects) { o.Pods[0] = pod("a", hookless) }, annotated(config.DrainWindowKey, "0s")},
		},
		"a pod that opts out is as its user wants": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", hookless, func(p *corev1.Pod) { p.Annotations = map[string]string{config.DrainWindowKey: "0s"} })
			}},
		},
		"a pod that Tanist leaves alone has none either": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", hookless, func(p *corev1.Pod) { p.Spec.HostNetwork = true })
			}},
			want: []string{"no drain window"},
		},
		"a leader that is going already has nothing to lose": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", hookless, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: t0} })
			}},
			want: []string{"leader terminating"},
		},
		"a preStop of its own is its user's business": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", func(p *corev1.Pod) {
					p.Spec.Containers[0].Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"x"}}}
				})
			}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, warning := range Of(objects(test.changes...)).Warnings {
				got = append(got, warning.Phrase)
				if warning.Detail == "" {
					t.Errorf("%q says no more", warning.Phrase)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// pausedFor adds the condition of a leader Service whose Service is paused.
func pausedFor(reason string) func(*Objects) {
	return func(o *Objects) {
		o.Services[1].Status.Conditions = []metav1.Condition{{Type: config.HandoversPausedCondition, Status: metav1.ConditionTrue, Reason: reason}}
	}
}

// after records that the leader has moved from a pod.
func after(old string) func(*Objects) {
	return func(o *Objects) { o.Slices[0].Annotations[config.OldLeaderKey] = "3/" + old + "/" + old }
}

func TestWishesAreListed(t *testing.T) {
	l := Of(objects(source(func(s *corev1.Service) {
		maps.Copy(s.Annotations, map[string]string{
			config.PausedKey: "true", config.HandoverOnKey: "", config.CandidateConditionKey: "example.com/CaughtUp",
			config.PreferredNodesKey: "zone=a", config.AfterHandoverKey: ":admin/handed-over", config.LeaderServiceTypeKey: "LoadBalancer", config.ExternalTrafficPolicyKey: "Local",
			config.LoadBalancerClassKey: "example.com/internal",
		})
	})))
	want := []string{
		"paused=true", "handover-on=none", "candidate-condition=example.com/CaughtUp", "preferred-nodes=zone=a", "after-handover=:admin/handed-over", "leader-service-type=LoadBalancer",
		"external-traffic-policy=Local", "load-balancer-class=example.com/internal",
	}
	if diff := cmp.Diff(want, l.Options.Wishes()); diff != "" {
		t.Errorf("unexpected wishes (-want +got):\n%s", diff)
	}
	if none := Of(objects()).Options.Wishes(); len(none) > 0 {
		t.Errorf("got %v of a Service that asks for nothing", none)
	}
}
