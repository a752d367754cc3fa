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
		path     = `metadata.annotations[tanist.dev/`
		strategy = path + `strategy]: Unsupported value: "best": supported values: "oldest", "newest", "ordinal"`
		minReady = path + `min-ready]: Invalid value: "5": must be a duration such as 10s, from 0s to 24h`
		noPods   = `spec.selector: Required value: needed for tanist.dev/enabled: the leader is one of the pods it selects`
		taken    = `is the name of a Service that is not this one's leader Service and will be left alone: delete that Service, or choose another name`
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
