package webhook

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestServices(t *testing.T) {
	deleted := func(s *corev1.Service) *corev1.Service {
		s.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
		return s
	}
	plain := func(name string) *corev1.Service { return without(service(name), config.EnabledKey) }
	nameless := func(s *corev1.Service) *corev1.Service {
		s.GenerateName, s.Name = s.Name+"-", ""
		return s
	}
	const (
		path      = `metadata.annotations[tanist.dev/`
		strategy  = path + `strategy]: Unsupported value: "best": supported values: "oldest", "newest", "ordinal"`
		minReady  = path + `min-ready]: Invalid value: "5": must be a duration such as 10s, from 0s to 24h`
		noPods    = `spec.selector: Required value: needed for tanist.dev/enabled: the leader is one of the pods it selects`
		taken     = `is the name of an existing Service, which Tanist leaves alone because it is not this one's leader Service: choose another name`
		sought    = `is the name that Service web also asks for: choose another name`
		shortened = path + `drain-window]: Invalid value: "1m": is longer than election.maxDrainWindow of Tanist's tuning allows; ` +
			`only a pod's own annotation may ask for more; ` +
			`30s is used instead`
		misplaced = `]: Forbidden: has no effect on a leader Service: this is the leader Service of Service web, so annotate Service web instead`
		noType    = `tanist: the leader Service web-leader cannot be of type NodePort: quota exceeded`
		removed   = `tanist: Service web no longer asks for a leader: its leader Service web-leader is removed at once, with its address`
		wanted    = `tanist: Service web asks for this name for its leader Service, which cannot be created while this Service exists: ` +
			`annotate web with another tanist.dev/leader-service, or rename this Service`
	)
	unselective := service("web")
	unselective.Spec.Selector = nil
	elsewhere := plain("web-leader")
	elsewhere.Namespace = "other"

	cases := map[string]struct {
		services     fakeServices
		old, new     *corev1.Service
		wantErrors   []string
		wantWarnings []string
	}{
		"a Service without our annotations": {new: plain("web")},
		"a Service that opts in":            {new: service("web")},
		"all annotations are right": {new: service("web", "leader-service", "boss", "strategy", "newest", "sticky", "false", "min-ready", "1s",
			"not-ready-grace", "1s", "drain-window", "5s", "preferred-leader", "web-0")},
		"several wrong annotations": {
			new: service("web", "strategy", "best", "min-ready", "5"), wantErrors: []string{strategy, minReady},
		},
		"a wrong annotation before it opts in":         {new: without(service("web", "strategy", "best"), config.EnabledKey), wantErrors: []string{strategy}},
		"opting in without a selector":                 {new: unselective, wantErrors: []string{noPods}},
		"a new Service without a name":                 {new: nameless(service("web"))},
		"a new Service without a name, with a mistake": {new: nameless(service("web", "strategy", "best")), wantErrors: []string{strategy}},

		"an existing mistake": {old: service("web", "strategy", "best"), new: service("web", "strategy", "best")},
		"a new mistake beside an existing one": {
			old: service("web", "strategy", "best"), new: service("web", "strategy", "best", "min-ready", "5"), wantErrors: []string{minReady},
		},
		"a new mistake instead of an existing one": {
			old: service("web", "strategy", "worst"), new: service("web", "strategy", "best"), wantErrors: []string{strategy},
		},
		"opting in with an existing mistake": {
			old: without(service("web", "strategy", "best"), config.EnabledKey),
			new: service("web", "strategy", "best"), wantErrors: []string{strategy},
		},
		"opting out with an existing mistake": {
			old: service("web", "strategy", "best"), new: without(service("web", "strategy", "best"), config.EnabledKey), wantWarnings: []string{removed},
		},
		"opting out with the value false": {
			old: service("web"), new: service("web", "enabled", "false"), wantWarnings: []string{removed},
		},
		"another name of the leader Service": {
			old: service("web"), new: service("web", "leader-service", "boss"),
			wantWarnings: []string{`tanist: the leader Service web-leader is removed at once, with its address: clients must use boss`},
		},
		"a type that would be refused":            {new: service("web", "leader-service-type", "NodePort"), wantWarnings: []string{noType}},
		"a type that would be refused, set later": {old: service("web"), new: service("web", "leader-service-type", "NodePort"), wantWarnings: []string{noType}},
		"a type that would be refused, as before": {
			old: service("web", "leader-service-type", "NodePort"), new: service("web", "leader-service-type", "NodePort", "min-ready", "5s"),
		},
		"a type that would be refused, as before, opting in": {
			old: without(service("web", "leader-service-type", "NodePort"), config.EnabledKey), new: service("web", "leader-service-type", "NodePort"),
			wantWarnings: []string{noType},
		},
		"a type that would be refused, before it opts in": {new: without(service("web", "leader-service-type", "NodePort"), config.EnabledKey)},
		"a type that would be accepted":                   {new: service("web", "leader-service-type", "LoadBalancer")},
		"opting out while it is being deleted":            {old: service("web"), new: deleted(plain("web"))},
		"the selector is removed":                         {old: service("web"), new: unselective, wantErrors: []string{noPods}},
		"a mistake in a Service that is being deleted":    {old: service("web"), new: deleted(service("web", "strategy", "best"))},
		"settings on a leader Service, right or wrong": {
			old: leaderServiceOf("web"), new: func() *corev1.Service {
				s := leaderServiceOf("web")
				s.Annotations[config.EnabledKey], s.Annotations[config.StrategyKey] = "true", "best"
				return s
			}(),
			wantErrors: []string{path + "enabled" + misplaced, path + "strategy" + misplaced},
		},
		"settings that a leader Service had before": {
			old: settings(leaderServiceOf("web")), new: labelled(settings(leaderServiceOf("web")), "web"),
		},
		"a leader Service loses its settings": {old: settings(leaderServiceOf("web")), new: leaderServiceOf("web")},
		"a mistake in a new Service with a leader Service's labels and owner": {
			new: func() *corev1.Service {
				s := leaderServiceOf("web")
				s.Annotations[config.StrategyKey] = "best"
				return s
			}(),
			wantErrors: []string{strategy},
		},

		"the default name is taken": {
			services: fakeServices{plain("web-leader")}, new: service("web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + taken},
		},
		"a chosen name is taken": {
			services: fakeServices{plain("boss")}, new: service("web", "leader-service", "boss"),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"a chosen name is taken and the Service's own is not generated yet": {
			services: fakeServices{plain("boss")}, new: nameless(service("web", "leader-service", "boss")),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"the name of another Service's leader Service": {
			services: fakeServices{leaderServiceOf("api")}, new: service("web", "leader-service", "api-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": is the leader Service of Service api: choose another name`},
		},
		"the name of a Service that only has a leader Service's labels": {
			services: fakeServices{labelled(plain("api-leader"), "api")}, new: service("web", "leader-service", "api-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": ` + taken},
		},
		"a mistake in a Service that only has a leader Service's labels": {
			new: labelled(service("web", "strategy", "best"), "api"), wantErrors: []string{strategy},
		},
		"a mistake together with a leader Service's labels and owner": {
			old: service("web"), new: func() *corev1.Service {
				s := labelled(service("web", "strategy", "best"), "api")
				s.OwnerReferences = leaderServiceOf("api").OwnerReferences
				return s
			}(),
			wantErrors: []string{strategy},
		},
		"a chosen name that another Service asks for": {
			services: fakeServices{service("web")}, new: service("api", "leader-service", "web-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + sought},
		},
		"a default name that another Service asks for": {
			services: fakeServices{service("web", "leader-service", "api-leader")}, new: service("api"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": ` + sought},
		},
		"a change to a name that another Service asks for": {
			services: fakeServices{service("web"), service("api")}, old: service("api"), new: service("api", "leader-service", "web-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + sought},
		},
		"both asked for the name before": {
			services: fakeServices{service("web"), service("api", "leader-service", "web-leader")},
			old:      service("api", "leader-service", "web-leader"), new: service("api", "leader-service", "web-leader", "sticky", "false"),
		},
		"another Service no longer asks for the name": {
			services: fakeServices{service("web", "leader-service", "boss")}, new: service("api", "leader-service", "web-leader"),
		},
		"its own leader Service exists":                      {services: fakeServices{leaderServiceOf("web")}, new: service("web")},
		"the name is taken in another namespace":             {services: fakeServices{elsewhere}, new: service("web")},
		"the name is taken and the Service has not opted in": {services: fakeServices{plain("web-leader")}, new: plain("web")},
		"the name was taken before":                          {services: fakeServices{plain("web-leader")}, old: service("web"), new: service("web", "strategy", "newest")},
		"a change to a name that is taken": {
			services: fakeServices{plain("boss")}, old: service("web"), new: service("web", "leader-service", "boss"),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"opting in while the name is taken": {
			services: fakeServices{plain("web-leader")}, old: plain("web"), new: service("web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + taken},
		},
		"a wrong name": {
			services: fakeServices{plain("web-leader")}, new: service("web", "leader-service", "web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web": must differ from the name of the Service itself`},
		},

		"a drain window that the tuning shortens": {
			new: service("web", "drain-window", "1m"), wantWarnings: []string{shortened},
		},
		"a drain window that the tuning shortened before": {
			old: service("web", "drain-window", "1m"), new: service("web", "drain-window", "1m", "sticky", "false"),
		},
		"a drain window that is not shortened":                                  {old: service("web", "drain-window", "1m"), new: service("web", "drain-window", "30s")},
		"a new Service has the name of another Service's future leader Service": {services: fakeServices{service("web")}, new: plain("web-leader"), wantWarnings: []string{wanted}},
		"that leader Service":                                                   {services: fakeServices{service("web")}, new: leaderServiceOf("web")},
		"an existing Service has that name":                                     {services: fakeServices{service("web")}, old: plain("web-leader"), new: plain("web-leader")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, test.services)
			request := admissionv1.AdmissionRequest{Operation: admissionv1.Create, Namespace: "shop", Object: raw(t, test.new)}
			if test.old != nil {
				request.Operation, request.OldObject = admissionv1.Update, raw(t, test.old)
			}
			response := s.ask(config.PathServices, request)
			var got []string
			if !response.Allowed {
				if response.Result.Reason != metav1.StatusReasonInvalid || response.Result.Details.Kind != "Service" {
					t.Errorf("got %+v, want the API server's response to an invalid Service", response.Result)
				}
				for _, cause := range response.Result.Details.Causes {
					got = append(got, cause.Field+": "+cause.Message)
				}
			}
			if diff := cmp.Diff(test.wantErrors, got); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantWarnings, response.Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
			if got := s.failures(hookServices); got != 0 {
				t.Errorf("%v failures are counted", got)
			}
		})
	}
}

// settings gives a Service settings of a source Service.
func settings(s *corev1.Service) *corev1.Service {
	s.Annotations[config.StrategyKey], s.Annotations[config.StickyKey] = "newest", "false"
	return s
}

// labelled gives a Service the labels of the source's leader Service.
func labelled(s *corev1.Service, source string) *corev1.Service {
	s.Labels = leaderServiceOf(source).Labels
	return s
}

// TestDeletionsOfLeaderServices: whoever deletes a leader Service that Tanist keeps is told that it comes back.
func TestDeletionsOfLeaderServices(t *testing.T) {
	const back = `tanist: Service web asks for the leader Service web-leader: Tanist creates it again, with another cluster IP. ` +
		`To be rid of it, remove the annotation tanist.dev/enabled from Service web`
	headless := leaderServiceOf("web")
	headless.Spec.ClusterIP = corev1.ClusterIPNone
	terminating := leaderServiceOf("web")
	terminating.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	for name, test := range map[string]struct {
		services fakeServices
		deleted  *corev1.Service
		want     []string
	}{
		"a leader Service": {services: fakeServices{service("web")}, deleted: leaderServiceOf("web"), want: []string{back}},
		"a headless one": {
			services: fakeServices{service("web")}, deleted: headless, want: []string{strings.Replace(back, ", with another cluster IP", "", 1)},
		},
		"one that nobody asks for":           {deleted: leaderServiceOf("web")},
		"one that is being deleted":          {services: fakeServices{service("web")}, deleted: terminating},
		"a Service that has a leader":        {services: fakeServices{service("web")}, deleted: service("web")},
		"a Service that only has the labels": {services: fakeServices{service("web")}, deleted: labelled(service("api"), "web")},
	} {
		t.Run(name, func(t *testing.T) {
			response := newServer(t, test.services).ask(config.PathServices, admissionv1.AdmissionRequest{
				Operation: admissionv1.Delete, Namespace: "shop", OldObject: raw(t, test.deleted),
			})
			if diff := cmp.Diff(test.want, response.Warnings); diff != "" || !response.Allowed {
				t.Errorf("allowed: %t; unexpected warnings (-want +got):\n%s", response.Allowed, diff)
			}
		})
	}
}

func TestLeaderServices(t *testing.T) {
	type change = func(*corev1.Service)
	const detail = `Tanist keeps this leader Service of Service web and would undo the change: change Service web instead`
	const unknown = `metadata.annotations[tanist.dev/x]: Unsupported value: "tanist.dev/x": supported values: "tanist.dev/enabled", ` +
		`"tanist.dev/leader-service", "tanist.dev/strategy", "tanist.dev/sticky", "tanist.dev/min-ready", "tanist.dev/not-ready-grace", ` +
		`"tanist.dev/drain-window", "tanist.dev/preferred-leader", "tanist.dev/same-controller", "tanist.dev/copy-labels", "tanist.dev/copy-annotations", ` +
		`"tanist.dev/probe", "tanist.dev/loss-after", "tanist.dev/freeze-after", "tanist.dev/paused", "tanist.dev/handover-on", ` +
		`"tanist.dev/candidate-condition", "tanist.dev/preferred-nodes", "tanist.dev/after-handover", "tanist.dev/leader-service-type", ` +
		`"tanist.dev/external-traffic-policy", "tanist.dev/load-balancer-class", "tanist.dev/follow-lease"`
	forbidden := func(fields ...string) (all []string) {
		for _, name := range fields {
			all = append(all, name+": Forbidden: "+detail)
		}
		return all
	}
	selector := func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} }
	port := func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Port: 81}} }
	unlabelled := func(s *corev1.Service) { s.Labels = map[string]string{config.ManagedByKey: "platform"} }
	cases := map[string]struct {
		services   fakeServices
		before     []change
		now        []change
		wantErrors []string
	}{
		"no change":         {},
		"a selector":        {now: []change{selector}, wantErrors: forbidden("spec.selector")},
		"an empty selector": {now: []change{func(s *corev1.Service) { s.Spec.Selector = map[string]string{} }}},
		"another type": {
			now: []change{func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }}, wantErrors: forbidden("spec.type"),
		},
		"another type, which brings other fields": {
			now:        []change{port, selector, func(s *corev1.Service) { s.Spec.Type, s.Spec.ExternalTrafficPolicy = "NodePort", "Cluster" }},
			wantErrors: forbidden("spec.selector", "spec.type"),
		},
		"a port":                                 {now: []change{port}, wantErrors: forbidden("spec.ports")},
		"several fields":                         {now: []change{port, selector}, wantErrors: forbidden("spec.ports", "spec.selector")},
		"an external address":                    {now: []change{func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.1"} }}, wantErrors: forbidden("spec.externalIPs")},
		"session affinity":                       {now: []change{func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }}, wantErrors: forbidden("spec.sessionAffinity")},
		"another address family":                 {now: []change{func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{"IPv6"} }}, wantErrors: forbidden("spec.ipFamilies")},
		"a selector, and its labels are removed": {now: []change{selector, unlabelled}, wantErrors: forbidden("spec.selector")},
		"a selector, and a label was removed before": {
			before: []change{func(s *corev1.Service) { delete(s.Labels, config.SourceServiceKey) }}, now: []change{selector},
			wantErrors: forbidden("spec.selector"),
		},
		"a selector, and its owner is removed": {
			now: []change{selector, func(s *corev1.Service) { s.OwnerReferences = nil }}, wantErrors: forbidden("spec.selector"),
		},
		"labels":             {now: []change{unlabelled}},
		"another annotation": {now: []change{func(s *corev1.Service) { s.Annotations["example.com/a"] = "b" }}},
		"an annotation that is wrong on any Service": {
			now:        []change{func(s *corev1.Service) { s.Annotations[config.Domain+"/x"] = "" }, selector},
			wantErrors: append([]string{unknown}, forbidden("spec.selector")...),
		},
		"a finalizer":                          {now: []change{func(s *corev1.Service) { s.Finalizers = []string{"example.com/a"} }}},
		"a selector that it had before":        {before: []change{selector}, now: []change{selector, unlabelled}},
		"the selector that it had is removed":  {before: []change{selector}, now: []change{func(s *corev1.Service) { s.Spec.Selector = nil }}},
		"a selector while it is being deleted": {now: []change{selector, func(s *corev1.Service) { s.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }}},
		"what the API server allocates":        {now: []change{func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "10.0.0.1", []string{"10.0.0.1"} }}},
		"the ports of its Service": {
			services: fakeServices{func() *corev1.Service { s := service("web"); port(s); return s }()}, now: []change{port},
		},
		"its Service is not known":                         {services: fakeServices{service("api")}, now: []change{selector}},
		"a selector of a Service that only has the labels": {before: []change{func(s *corev1.Service) { s.OwnerReferences = nil }}, now: []change{selector}},
		"a selector of a Service that a Deployment controls": {
			before: []change{func(s *corev1.Service) { s.OwnerReferences[0].Kind = "Deployment" }}, now: []change{selector},
		},
		"a selector of a Service that another program made": {
			before: []change{func(s *corev1.Service) { s.Labels = nil }}, now: []change{selector},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.services == nil {
				test.services = fakeServices{service("web")}
			}
			old := leaderServiceOf("web")
			for _, change := range test.before {
				change(old)
			}
			updated := old.DeepCopy()
			for _, change := range test.now {
				change(updated)
			}
			response := newServer(t, test.services).ask(config.PathServices, admissionv1.AdmissionRequest{
				Operation: admissionv1.Update, Namespace: "shop", Object: raw(t, updated), OldObject: raw(t, old),
			})
			var got []string
			if !response.Allowed {
				for _, cause := range response.Result.Details.Causes {
					got = append(got, cause.Field+": "+cause.Message)
				}
			}
			if diff := cmp.Diff(test.wantErrors, got); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
		})
	}
}
