package doctor

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	followed "github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/test/gen"
)

// withServices returns a change that adds Services.
func withServices(all ...*corev1.Service) func(*facts) {
	return func(f *facts) { f.services.value = append(f.services.value, all...) }
}

// onSource returns a change of the Service web.
func onSource(change func(*corev1.Service)) func(*facts) {
	return func(f *facts) { change(f.services.value[0]) }
}

func named(name string, changes ...func(*corev1.Service)) *corev1.Service {
	return gen.WebService(append([]func(*corev1.Service){func(s *corev1.Service) { s.Name, s.UID = name, "" }}, changes...)...)
}

func TestOptingIn(t *testing.T) {
	run(t, map[string]test{
		"the namespace has no label": {
			func(f *facts) { f.namespaces.value[0].Labels = nil },
			[]string{"failed namespace-opted-in: Service shop/web: its namespace has not opted in, so Tanist ignores it"},
		},
		"the label is mistyped": {
			func(f *facts) { f.namespaces.value[0].Labels[config.EnabledKey] = "yes" },
			[]string{
				`failed namespace-label: Namespace shop: its label tanist.dev/enabled="yes" does not opt it in: the value must be "true"`,
				"failed namespace-opted-in: Service shop/web: its namespace has not opted in, so Tanist ignores it",
			},
		},
		"Tanist is installed for other namespaces only": {
			func(f *facts) {
				f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--v=0", "--watch-namespaces=bank,mall"}
			},
			[]string{
				"failed namespace-label: Namespace shop: its label has no effect: Tanist is installed for some namespaces only (bank,mall)",
				"failed namespace-opted-in: Service shop/web: Tanist is installed for some namespaces only (bank,mall), so it ignores the Service",
			},
		},
		"Tanist is installed for this namespace, too": {
			func(f *facts) {
				f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--watch-namespaces=bank,shop"}
			}, nil,
		},
		"a Service in Tanist's own namespace": {
			withServices(named("api", func(s *corev1.Service) { s.Namespace = system })),
			[]string{
				"failed namespace-opted-in: Service tanist-system/api: this namespace can never opt in",
				"failed leader-service: Service tanist-system/api: no leader Service yet: Tanist creates it; the Events of the Service say why it has not",
			},
		},
		"a wrong annotation": {
			onSource(func(s *corev1.Service) { s.Annotations[config.StickyKey] = "no" }),
			[]string{`failed annotations: Service shop/web: wrong annotation sticky: metadata.annotations[tanist.dev/sticky]: Unsupported value: "no": supported values: "true", "false"; the last good value, or the default, is used until then`},
		},
		"a wrong annotation of a pod, and a preference for one that is not there": {
			func(f *facts) {
				f.services.value[0].Annotations[config.PreferredLeaderKey] = "z9"
				f.pods.value[1].Annotations = map[string]string{config.PriorityKey: "high"}
			},
			[]string{
				`failed annotations: Service shop/web: wrong pod annotation priority: pod b2: metadata.annotations[tanist.dev/priority]: Invalid value: "high": must be an integer from -2147483648 to 2147483647; until it is corrected, the priority is 0`,
				"warned annotations: Service shop/web: no preferred leader: tanist.dev/preferred-leader names pod z9, which does not exist; the other rules decide until it does",
			},
		},
		"no selector": {
			func(f *facts) {
				f.services.value[0].Spec.Selector = nil
				f.services.value, f.slices.value = f.services.value[:1], nil
			},
			[]string{"failed can-lead: Service shop/web: cannot have a leader: spec.selector: Required value: needed for tanist.dev/enabled: the leader is one of the pods it selects"},
		},
		"the user may not read Namespaces": {
			func(f *facts) { f.namespaces = denied[[]*corev1.Namespace]("Namespaces") },
			[]string{"skipped namespace-label: may not read Namespaces", "skipped namespace-opted-in: may not read Namespaces"},
		},
	})
}

func TestLeaderServices(t *testing.T) {
	foreign := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels, s.OwnerReferences = nil, nil })
	without := func(f *facts) { f.services.value, f.slices.value = f.services.value[:1], nil }
	run(t, map[string]test{
		"there is no leader Service": {
			without, []string{"failed leader-service: Service shop/web: no leader Service yet: Tanist creates it; the Events of the Service say why it has not"},
		},
		"its name is taken": {
			func(f *facts) { without(f); withServices(foreign)(f) },
			[]string{"failed leader-service-name: Service shop/web: name taken: Service web-leader was not created by Tanist: choose another name with tanist.dev/leader-service"},
		},
		"two Services ask for a name": {
			withServices(named("api", func(s *corev1.Service) { s.Annotations[config.LeaderServiceKey] = "web-leader" })),
			[]string{
				"failed leader-service-name: Service shop/api: name taken: Service web-leader is the leader Service of Service web: choose another name with tanist.dev/leader-service",
				"failed leader-service-name: Service shop/web: it asks for the leader Service web-leader, as Service api does",
			},
		},
		"another Tanist serves it": {
			func(f *facts) { f.services.value[1].Annotations[config.InstallationKey] = "elsewhere" },
			[]string{"failed other-installation: Service shop/web: the Tanist in namespace elsewhere serves it, and not the one in tanist-system"},
		},
		"a write is refused": {
			func(f *facts) {
				f.refusals.value = []*corev1.Event{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}, Reason: "WriteRefused", Message: "a quota",
					InvolvedObject: corev1.ObjectReference{UID: "web-uid"}, LastTimestamp: metav1.NewTime(gen.T0),
				}}
			},
			[]string{"failed writes: Service shop/web: write refused: a quota (last reported " + gen.T0.UTC().Format("2006-01-02T15:04:05Z") + ")"},
		},
		"Endpoints have its name": {
			func(f *facts) { f.endpoints.value = []objectName{{"shop", "web-leader"}} },
			[]string{"warned endpoints: Service shop/web: there are Endpoints with the name of its leader Service, which Kubernetes copies into an EndpointSlice"},
		},
		"the user may read neither Events nor Endpoints": {
			func(f *facts) {
				f.refusals, f.endpoints = denied[[]*corev1.Event]("Events"), denied[[]objectName]("Endpoints")
			},
			[]string{"skipped writes: may not read Events", "skipped endpoints: may not read Endpoints"},
		},
		"a leader Service without its source": {
			func(f *facts) { f.services.value = f.services.value[1:] },
			[]string{"warned leftovers: Service shop/web-leader: it is a leader Service, and its Service web is gone"},
		},
		"a slice without its leader Service": {
			func(f *facts) { f.services.value = nil },
			[]string{"warned leftovers: EndpointSlice shop/web-leader-ipv4: its leader Service web-leader is gone"},
		},
		"a foreign slice takes traffic": {
			func(f *facts) {
				f.slices.value = append(f.slices.value, gen.SelectedSlice(func(s *discoveryv1.EndpointSlice) {
					s.Labels[discoveryv1.LabelManagedBy] = "else"
					s.OwnerReferences = nil
					s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.9.9.9"}}}
				}))
			},
			[]string{"failed endpoints: Service shop/web: several ready endpoints: EndpointSlice web-leader-x7k2p is not Tanist's and takes traffic of Service web-leader: stop else, which manages it"},
		},
		"the user may not read EndpointSlices": {
			func(f *facts) { f.slices = denied[[]*discoveryv1.EndpointSlice]("EndpointSlices") },
			[]string{
				"skipped endpoints: may not read EndpointSlices", "skipped leftovers: may not read EndpointSlices", "skipped leader: may not read EndpointSlices",
				"skipped leader-traffic: may not read EndpointSlices", "skipped watched: may not read EndpointSlices",
			},
		},
	})
}

// follows makes web follow the Lease web; nil for one that does not exist.
func follows(held *coordinationv1.Lease) func(*facts) {
	return func(f *facts) {
		onSource(func(s *corev1.Service) { s.Annotations[config.FollowLeaseKey] = "web" })(f)
		f.followed = read(status.Leases{{Namespace: "shop", Name: "web"}: {View: followed.View{Lease: held}, At: gen.T0}})
	}
}

func TestLeaders(t *testing.T) {
	nobody := func(f *facts) { f.slices.value[0].Endpoints = nil }
	run(t, map[string]test{
		"no pod is selected": {
			func(f *facts) { nobody(f); f.pods.value = nil },
			[]string{"failed leader: Service shop/web: no leader: no pod selected: the selector is app=web"},
		},
		"no pod is ready": {
			func(f *facts) {
				nobody(f)
				for _, pod := range f.pods.value {
					gen.NotReady(pod)
				}
			},
			[]string{"failed leader: Service shop/web: no leader: no ready pod: none of the 2 pods that the Service selects is ready"},
		},
		"a ready pod does not lead": {
			nobody, []string{"failed leader: Service shop/web: no leader: pod a1 is ready; kubectl tanist explain web --namespace shop says why it does not lead"},
		},
		"the leader has gone": {
			func(f *facts) { f.pods.value[0].UID = "another" },
			[]string{"failed leader: Service shop/web: leader gone: pod a1 no longer exists, has finished or is not selected any more, and the EndpointSlices still send it the traffic: " +
				"either Tanist moves the leader in a moment, or it is not running, or Kubernetes does not hear from the pod's node, " +
				"and the pod tells Tanist that it is ready, or no other pod is"},
		},
		"the leader is being deleted": {
			func(f *facts) {
				gen.Terminating(f.pods.value[0])
				gen.NotReady(f.pods.value[1])
				f.slices.value[0].Endpoints[0].Conditions.Ready = new(false)
			},
			[]string{
				"warned leader-traffic: Service shop/web: leader terminating: it is being deleted and keeps the traffic, because no other pod is ready",
				"warned candidates: Service shop/web: its only candidate is b2, so nobody can follow",
			},
		},
		"nobody watches the leader": {
			onSource(func(s *corev1.Service) { s.Annotations[config.LossAfterKey] = "0s" }),
			[]string{"warned watched: Service shop/web: nobody watches its node: tanist.dev/loss-after is 0s"},
		},
		"its probe cannot be repeated": {
			func(f *facts) {
				f.pods.value[0].Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{}}}
			},
			[]string{"warned watched: Service shop/web: nobody watches its pod: no readiness probe of it can be repeated from another node, as an httpGet, grpc or tcpSocket to the pod itself can"},
		},
		"observing is switched off": {
			func(f *facts) {
				f.tuning.value, f.state.value = configMap("x", "observe: {enabled: false}"), configMap("x", "observe: {enabled: false}")
				f.metrics = nil
			},
			[]string{
				"skipped tuning-replicas: there is no replica to ask", "skipped deletions-admitted: there is no replica to ask",
				"warned watched: Service shop/web: nobody watches it: observe.enabled is false in the tuning",
			},
		},
		"a replica does not hear nodes": {
			func(f *facts) {
				f.metrics["tanist-2"] = metrics(t, "# TYPE tanist_unwatched_leaders gauge", "tanist_unwatched_leaders 3")
			},
			[]string{"warned watched: pod tanist-system/tanist-2: it does not hear the nodes of 3 leaders"},
		},
		"it is watched by its application": {change: follows(gen.LeaseHeldBy("a1_x", "1"))},
		"the Lease that it follows does not exist": {
			follows(nil),
			[]string{"failed followed-lease: Service shop/web: Lease missing: Lease web does not exist: the application creates it, or tanist.dev/follow-lease names another one; " +
				"the leader stays while it serves, and no other pod follows it"},
		},
		"a Lease that nobody renews": {
			follows(gen.LeaseHeldBy("a1_x", "1", gen.RenewedAt(gen.T0.Add(-time.Minute)))),
			[]string{`failed followed-lease: Service shop/web: Lease not held: Lease web has expired: "a1_x" has not renewed it since ` + gen.T0.Add(-time.Minute).UTC().Format(time.RFC3339)},
		},
		"the user may not read the Lease": {
			func(f *facts) { follows(nil)(f); f.followed = denied[status.Leases]("Leases that Services follow") },
			[]string{"skipped followed-lease: may not read Leases that Services follow"},
		},
		"a port is missing": {
			onSource(func(s *corev1.Service) {
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 81, TargetPort: intstr.FromString("admin")})
			}),
			[]string{"warned leader-traffic: Service shop/web: incomplete leader: a1 does not have port admin"},
		},
		"the Service asks for none": {
			func(f *facts) {
				f.services.value = []*corev1.Service{named("plain", func(s *corev1.Service) { s.Annotations = nil }), named("off", func(s *corev1.Service) {
					s.Annotations[config.EnabledKey] = "false"
				})}
				f.slices.value = nil
			}, nil,
		},
	})
}

// TestWhatMakesTanistWatch: a command that only shows the problem again corrects nothing.
func TestWhatMakesTanistWatch(t *testing.T) {
	const unannotate = "kubectl annotate service web tanist.dev/"
	onLeader := func(probe *corev1.Probe) func(*facts) {
		return func(f *facts) { f.pods.value[0].Spec.Containers[0].ReadinessProbe = probe }
	}
	annotated := func(key, value string) func(*facts) {
		return onSource(func(s *corev1.Service) { s.Annotations[key] = value })
	}
	for name, test := range map[string]struct {
		change func(*facts)
		want   string
	}{
		"only a startup probe": {
			func(f *facts) {
				container := &f.pods.value[0].Spec.Containers[0]
				container.StartupProbe, container.ReadinessProbe = container.ReadinessProbe, nil
			}, "add a readinessProbe to the pod template: an httpGet, grpc or tcpSocket",
		},
		"a probe that cannot be repeated": {
			onLeader(&corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{}}}),
			"make the readinessProbe in the pod template an httpGet, grpc or tcpSocket to the pod itself",
		},
		"losses of nodes are switched off": {annotated(config.LossAfterKey, "0s"), unannotate + "loss-after- -n shop"},
		"hangs are switched off":           {annotated(config.FreezeAfterKey, "0s"), unannotate + "freeze-after- -n shop"},
		"probing is switched off":          {annotated(config.ProbeKey, "off"), unannotate + "probe- -n shop"},
		"there is one node":                {func(f *facts) { f.oneNode = read(true) }, "none with one node: a pod on a second one could take over"},
		"observing is switched off": {
			func(f *facts) { f.tuning.value = configMap("x", "observe: {enabled: false}") }, "kubectl edit configmap tanist-tuning -n tanist-system",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range diagnose(healthy(t, test.change), checks()).Checks {
				if r.ID == "watched" && (len(r.Problems) != 1 || r.Problems[0].Remedy != test.want) {
					t.Errorf("got %+v, want the remedy %s", r.Problems, test.want)
				}
			}
		})
	}
}
