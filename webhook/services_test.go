package webhook

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestServices(t *testing.T) {
	going := func(s *corev1.Service) *corev1.Service {
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
		taken     = `is the name of a Service that is not this one's leader Service and will be left alone: choose another name`
		both      = `is the name that Service web asks for too: choose another name`
		shortened = path + `drain-window]: Invalid value: "1m": is longer than election.maxDrainWindow of Tanist's tuning allows; ` +
			`30s is used instead`
		promised = `Service web wants this name for its leader Service, which cannot be made while this Service has it; ` +
			`annotate web with another tanist.dev/leader-service, or rename this one`
	)
	unselective := service("web")
	unselective.Spec.Selector = nil
	elsewhere := plain("web-leader")
	elsewhere.Namespace = "other"

	cases := map[string]struct {
		known        listed
		old, new     *corev1.Service
		wantErrors   []string
		wantWarnings []string
	}{
		"a Service without annotations of ours": {new: plain("web")},
		"a Service that opts in":                {new: service("web")},
		"every annotation right": {new: service("web", "leader-service", "boss", "strategy", "newest", "sticky", "false", "min-ready", "1s",
			"not-ready-grace", "1s", "drain-window", "5s", "preferred-leader", "web-0")},
		"wrong annotations are refused, all at once": {
			new: service("web", "strategy", "best", "min-ready", "5"), wantErrors: []string{strategy, minReady},
		},
		"also before it opts in":          {new: without(service("web", "strategy", "best"), config.EnabledKey), wantErrors: []string{strategy}},
		"opting in without a selector":    {new: unselective, wantErrors: []string{noPods}},
		"a new Service without a name":    {new: nameless(service("web"))},
		"a new one that may have no name": {new: nameless(service("web", "strategy", "best")), wantErrors: []string{strategy}},

		"a mistake that was there is in nobody's way": {old: service("web", "strategy", "best"), new: service("web", "strategy", "best")},
		"another one beside it is refused": {
			old: service("web", "strategy", "best"), new: service("web", "strategy", "best", "min-ready", "5"), wantErrors: []string{minReady},
		},
		"another one in its place is refused": {
			old: service("web", "strategy", "worst"), new: service("web", "strategy", "best"), wantErrors: []string{strategy},
		},
		"opting in with one is refused": {
			old: without(service("web", "strategy", "best"), config.EnabledKey),
			new: service("web", "strategy", "best"), wantErrors: []string{strategy},
		},
		"opting out with one is not":          {old: service("web", "strategy", "best"), new: without(service("web", "strategy", "best"), config.EnabledKey)},
		"losing the selector is refused":      {old: service("web"), new: unselective, wantErrors: []string{noPods}},
		"a Service that goes may be anything": {old: service("web"), new: going(service("web", "strategy", "best"))},
		"a leader Service that a user edits": {
			old: leaderServiceOf("web"), new: func() *corev1.Service {
				s := leaderServiceOf("web")
				s.Annotations[config.EnabledKey], s.Annotations[config.StrategyKey] = "true", "best"
				return s
			}(),
		},

		"the default name taken": {
			known: listed{plain("web-leader")}, new: service("web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + taken},
		},
		"a chosen name taken": {
			known: listed{plain("boss")}, new: service("web", "leader-service", "boss"),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"a chosen name taken before the own one is known": {
			known: listed{plain("boss")}, new: nameless(service("web", "leader-service", "boss")),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"another one's leader Service": {
			known: listed{leaderServiceOf("api")}, new: service("web", "leader-service", "api-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": is the leader Service of Service api: choose another name`},
		},
		"a Service that only has the labels of another one's": {
			known: listed{labelled(plain("api-leader"), "api")}, new: service("web", "leader-service", "api-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": ` + taken},
		},
		"labels alone exempt no Service": {
			new: labelled(service("web", "strategy", "best"), "api"), wantErrors: []string{strategy},
		},
		"nor do they together with an owner that arrive with the mistake": {
			old: service("web"), new: func() *corev1.Service {
				s := labelled(service("web", "strategy", "best"), "api")
				s.OwnerReferences = leaderServiceOf("api").OwnerReferences
				return s
			}(),
			wantErrors: []string{strategy},
		},
		"a name that another Service asks for too": {
			known: listed{service("web")}, new: service("api", "leader-service", "web-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + both},
		},
		"a default name that another Service asks for too": {
			known: listed{service("web", "leader-service", "api-leader")}, new: service("api"),
			wantErrors: []string{path + `leader-service]: Invalid value: "api-leader": ` + both},
		},
		"a change to a name that another Service asks for": {
			known: listed{service("web"), service("api")}, old: service("api"), new: service("api", "leader-service", "web-leader"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + both},
		},
		"both asked before": {
			known: listed{service("web"), service("api", "leader-service", "web-leader")},
			old:   service("api", "leader-service", "web-leader"), new: service("api", "leader-service", "web-leader", "sticky", "false"),
		},
		"the other one gives the name up": {
			known: listed{service("web", "leader-service", "boss")}, new: service("api", "leader-service", "web-leader"),
		},
		"its own leader Service":       {known: listed{leaderServiceOf("web")}, new: service("web")},
		"a name taken elsewhere":       {known: listed{elsewhere}, new: service("web")},
		"a name that nobody asks for":  {known: listed{plain("web-leader")}, new: plain("web")},
		"a name that was taken before": {known: listed{plain("web-leader")}, old: service("web"), new: service("web", "strategy", "newest")},
		"a change to a name taken": {
			known: listed{plain("boss")}, old: service("web"), new: service("web", "leader-service", "boss"),
			wantErrors: []string{path + `leader-service]: Invalid value: "boss": ` + taken},
		},
		"opting in to a name taken": {
			known: listed{plain("web-leader")}, old: plain("web"), new: service("web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web-leader": ` + taken},
		},
		"a wrong name is not looked for": {
			known: listed{plain("web-leader")}, new: service("web", "leader-service", "web"),
			wantErrors: []string{path + `leader-service]: Invalid value: "web": must differ from the name of the Service itself`},
		},

		"a drain window that the tuning shortens": {
			new: service("web", "drain-window", "1m"), wantWarnings: []string{shortened},
		},
		"a drain window that the tuning has shortened before": {
			old: service("web", "drain-window", "1m"), new: service("web", "drain-window", "1m", "sticky", "false"),
		},
		"a drain window that is not shortened":                {old: service("web", "drain-window", "1m"), new: service("web", "drain-window", "30s")},
		"a name that another one's leader Service is to have": {known: listed{service("web")}, new: plain("web-leader"), wantWarnings: []string{promised}},
		"that leader Service itself":                          {known: listed{service("web")}, new: leaderServiceOf("web")},
		"a Service that has it already":                       {known: listed{service("web")}, old: plain("web-leader"), new: plain("web-leader")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, test.known)
			request := admissionv1.AdmissionRequest{Operation: admissionv1.Create, Namespace: "shop", Object: raw(t, test.new)}
			if test.old != nil {
				request.Operation, request.OldObject = admissionv1.Update, raw(t, test.old)
			}
			response := s.ask(PathServices, request)
			var got []string
			if !response.Allowed {
				if response.Result.Reason != metav1.StatusReasonInvalid || response.Result.Details.Kind != "Service" {
					t.Errorf("got %+v, want what the API server says of a wrong Service", response.Result)
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

// labelled gives a Service the labels of another one's leader Service.
func labelled(s *corev1.Service, source string) *corev1.Service {
	s.Labels = leaderServiceOf(source).Labels
	return s
}

func TestChangesOfLeaderServices(t *testing.T) {
	type change = func(*corev1.Service)
	const detail = `Tanist keeps this leader Service of Service web and would undo the change: change Service web instead`
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
		known      listed
		before     []change
		now        []change
		wantErrors []string
	}{
		"nothing":           {},
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
		"several":                                {now: []change{port, selector}, wantErrors: forbidden("spec.ports", "spec.selector")},
		"an address":                             {now: []change{func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.1"} }}, wantErrors: forbidden("spec.externalIPs")},
		"pinned":                                 {now: []change{func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }}, wantErrors: forbidden("spec.sessionAffinity")},
		"one family":                             {now: []change{func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{"IPv6"} }}, wantErrors: forbidden("spec.ipFamilies")},
		"a selector, with the labels taken away": {now: []change{selector, unlabelled}, wantErrors: forbidden("spec.selector")},
		"a selector, with a label taken away before": {
			before: []change{func(s *corev1.Service) { delete(s.Labels, config.SourceServiceKey) }}, now: []change{selector},
			wantErrors: forbidden("spec.selector"),
		},
		"a selector, with the owner taken away": {
			now: []change{selector, func(s *corev1.Service) { s.OwnerReferences = nil }}, wantErrors: forbidden("spec.selector"),
		},
		"labels":                      {now: []change{unlabelled}},
		"annotations":                 {now: []change{func(s *corev1.Service) { s.Annotations[config.StrategyKey] = "best" }}},
		"a finalizer":                 {now: []change{func(s *corev1.Service) { s.Finalizers = []string{"example.com/a"} }}},
		"a selector that was there":   {before: []change{selector}, now: []change{selector, unlabelled}},
		"its selector is taken back":  {before: []change{selector}, now: []change{func(s *corev1.Service) { s.Spec.Selector = nil }}},
		"a selector while it goes":    {now: []change{selector, func(s *corev1.Service) { s.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }}},
		"what the API server chooses": {now: []change{func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "10.0.0.1", []string{"10.0.0.1"} }}},
		"the ports of its Service": {
			known: listed{func() *corev1.Service { s := service("web"); port(s); return s }()}, now: []change{port},
		},
		"a Service that is not known":    {known: listed{service("api")}, now: []change{selector}},
		"what only has labels like ours": {before: []change{func(s *corev1.Service) { s.OwnerReferences = nil }}, now: []change{selector}},
		"what a Deployment controls": {
			before: []change{func(s *corev1.Service) { s.OwnerReferences[0].Kind = "Deployment" }}, now: []change{selector},
		},
		"what another program made for a Service": {
			before: []change{func(s *corev1.Service) { s.Labels = nil }}, now: []change{selector},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.known == nil {
				test.known = listed{service("web")}
			}
			old := leaderServiceOf("web")
			for _, change := range test.before {
				change(old)
			}
			updated := old.DeepCopy()
			for _, change := range test.now {
				change(updated)
			}
			response := newServer(t, test.known).ask(PathServices, admissionv1.AdmissionRequest{
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
