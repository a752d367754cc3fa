package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// service is the Service db, which opts in. pairs are the keys, without the domain, and values of its annotations.
func service(pairs ...string) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Annotations: map[string]string{EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "db"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	for i := 0; i < len(pairs); i += 2 {
		s.Annotations[Domain+"/"+pairs[i]] = pairs[i+1]
	}
	return s
}

func messages(errs field.ErrorList) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

func TestParseOptions(t *testing.T) {
	seconds := func(n int) *time.Duration {
		d := time.Duration(n) * time.Second
		return &d
	}
	changed := func(change func(*Options)) Options {
		o := DefaultOptions("db")
		change(&o)
		return o
	}
	sameController := func(value string) string {
		return `metadata.annotations[tanist.dev/same-controller]: Invalid value: "` + value + `": must be the kind and name of the controller ` +
			`of the pods, such as Deployment/web or StatefulSet/db`
	}
	const knownKeys = `"tanist.dev/enabled", "tanist.dev/leader-service", "tanist.dev/strategy", "tanist.dev/sticky", ` +
		`"tanist.dev/min-ready", "tanist.dev/not-ready-grace", "tanist.dev/drain-window", "tanist.dev/preferred-leader", ` +
		`"tanist.dev/same-controller", "tanist.dev/copy-labels", "tanist.dev/copy-annotations", "tanist.dev/probe", "tanist.dev/loss-after", ` +
		`"tanist.dev/freeze-after", "tanist.dev/paused", "tanist.dev/handover-on", ` +
		`"tanist.dev/candidate-condition", "tanist.dev/preferred-nodes", "tanist.dev/after-handover", "tanist.dev/leader-service-type", ` +
		`"tanist.dev/external-traffic-policy", "tanist.dev/load-balancer-class", "tanist.dev/follow-lease"`
	cases := map[string]struct {
		service    *corev1.Service
		want       Options
		wantErrors []string
	}{
		"a Service that only opts in has the defaults": {
			service: service(),
			want: Options{
				LeaderService: "db-leader", Strategy: StrategyOldest, Sticky: true, MinReadyUnprobed: 5 * time.Second, ProbePods: true,
				LeaderServiceType: TypeClusterIP,
			},
		},
		"every annotation is read": {
			service: service("leader-service", "primary", "strategy", "ordinal", "sticky", "false", "min-ready", "10s",
				"not-ready-grace", "1500ms", "drain-window", "0s", "preferred-leader", "db-0.x", "same-controller", "StatefulSet/db.x",
				"copy-labels", "team, example.com/cost-centre,team,", "copy-annotations", "example.com/owner",
				"probe", "off", "loss-after", "2s", "freeze-after", "3s",
				"paused", "true", "handover-on", "rollout,cordon", "candidate-condition", "example.com/CaughtUp", "preferred-nodes", "zone=a",
				"leader-service-type", "LoadBalancer", "external-traffic-policy", "Local", "load-balancer-class", "example.com/internal"),
			want: Options{
				Paused: true, HandoverOn: []string{"cordon", "rollout"}, CandidateCondition: "example.com/CaughtUp", PreferredNodes: "zone=a",
				LeaderServiceType: TypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal,
				LoadBalancerClass: "example.com/internal",

				LeaderService: "primary", Strategy: StrategyOrdinal, Sticky: false, MinReady: 10 * time.Second, MinReadyUnprobed: 10 * time.Second,
				NotReadyGrace: 1500 * time.Millisecond, DrainWindow: seconds(0), PreferredLeader: "db-0.x",
				SameController: Workload{Kind: "StatefulSet", Name: "db.x"},
				CopyLabels:     []string{"team", "example.com/cost-centre"}, CopyAnnotations: []string{"example.com/owner"},
				LossAfter: seconds(2), FreezeAfter: seconds(3),
			},
		},
		"the longest durations are accepted": {
			service: service("min-ready", "24h", "not-ready-grace", "1h", "drain-window", "10m", "loss-after", "60s", "freeze-after", "10m"),
			want: changed(func(o *Options) {
				o.LossAfter, o.FreezeAfter = seconds(60), seconds(600)
				o.MinReady, o.NotReadyGrace, o.DrainWindow = 24*time.Hour, time.Hour, seconds(600)
				o.MinReadyUnprobed = 24 * time.Hour
			}),
		},
		"a min-ready of none is for pods without a probe too": {
			service: service("min-ready", "0s"),
			want:    changed(func(o *Options) { o.MinReadyUnprobed = 0 }),
		},
		"the shortest silences are accepted": {
			service: service("probe", "auto", "loss-after", "500ms", "freeze-after", "0.5s"),
			want: changed(func(o *Options) {
				shortest := 500 * time.Millisecond
				o.LossAfter, o.FreezeAfter = &shortest, &shortest
			}),
		},
		"silences of any length are accepted": {
			service: service("loss-after", "0s", "freeze-after", "0"),
			want:    changed(func(o *Options) { o.LossAfter, o.FreezeAfter = seconds(0), seconds(0) }),
		},
		"silences that are too short or too long, and a probe that is neither": {
			service: service("probe", "on", "loss-after", "499ms", "freeze-after", "11m"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/probe]: Unsupported value: "on": supported values: "auto", "off"`,
				`metadata.annotations[tanist.dev/loss-after]: Invalid value: "499ms": must be a duration such as 2s, from 500ms to 1m, or 0s for never`,
				`metadata.annotations[tanist.dev/freeze-after]: Invalid value: "11m": must be a duration such as 2s, from 500ms to 10m, or 0s for never`,
			},
		},
		"silences that are no durations or negative": {
			service: service("loss-after", "-1s", "freeze-after", "5"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/loss-after]: Invalid value: "-1s": must be a duration such as 2s, from 500ms to 1m, or 0s for never`,
				`metadata.annotations[tanist.dev/freeze-after]: Invalid value: "5": must be a duration such as 2s, from 500ms to 10m, or 0s for never`,
			},
		},
		"what Tanist writes and what others write is accepted": {
			service: func() *corev1.Service {
				s := service("term", "7", "leader", "db-0", "leader-since", "x", "reason", "y")
				s.Annotations["example.com/min-redy"] = "1"
				return s
			}(),
			want: DefaultOptions("db"),
		},
		"an empty preferred leader is none": {
			service: service("preferred-leader", ""),
			want:    DefaultOptions("db"),
		},
		"every wrong annotation is reported, and has its default": {
			service: service("leader-service", "Primary", "strategy", "Oldest", "sticky", "no", "min-ready", "10",
				"not-ready-grace", "-1s", "drain-window", "1h", "preferred-leader", "db 0"),
			want: DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/leader-service]: Invalid value: "Primary": must be the name of a Service: a DNS-1035 label ` +
					`must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric ` +
					`character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
				`metadata.annotations[tanist.dev/strategy]: Unsupported value: "Oldest": supported values: "oldest", "newest", "ordinal"`,
				`metadata.annotations[tanist.dev/sticky]: Unsupported value: "no": supported values: "true", "false"`,
				`metadata.annotations[tanist.dev/min-ready]: Invalid value: "10": must be a duration such as 10s, from 0s to 24h`,
				`metadata.annotations[tanist.dev/not-ready-grace]: Invalid value: "-1s": must be from 0s to 1h`,
				`metadata.annotations[tanist.dev/drain-window]: Invalid value: "1h": must be from 0s to 10m`,
				`metadata.annotations[tanist.dev/preferred-leader]: Invalid value: "db 0": must be the name of a pod: a lowercase RFC 1123 subdomain ` +
					`must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character ` +
					`(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
			},
		},
		"a wrong annotation does not affect the right ones": {
			service: service("strategy", "newest", "min-ready", ""),
			want:    changed(func(o *Options) { o.Strategy = StrategyNewest }),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/min-ready]: Invalid value: "": must be a duration such as 10s, from 0s to 24h`,
			},
		},
		"what says whose an object is cannot be copied": {
			service: service("copy-labels", "team,tanist.dev/source-service", "copy-annotations", "kubectl.kubernetes.io/last-applied-configuration"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/copy-labels]: Invalid value: "team,tanist.dev/source-service": ` +
					`tanist.dev/source-service cannot be copied: it means something else on the leader Service`,
				`metadata.annotations[tanist.dev/copy-annotations]: Invalid value: "kubectl.kubernetes.io/last-applied-configuration": ` +
					`kubectl.kubernetes.io/last-applied-configuration cannot be copied: it means something else on the leader Service`,
			},
		},
		"a key that cannot be one is reported": {
			service: service("copy-labels", "team cost"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/copy-labels]: Invalid value: "team cost": must be keys, separated by commas: team cost: ` +
					`name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ` +
					`(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
			},
		},
		"the workload of the leader has a kind and a name": {
			service:    service("same-controller", "true"),
			want:       DefaultOptions("db"),
			wantErrors: []string{sameController("true")},
		},
		"the kind of the workload is written as in its manifest": {
			service:    service("same-controller", "statefulset/db"),
			want:       DefaultOptions("db"),
			wantErrors: []string{sameController("statefulset/db")},
		},
		"an empty workload would lift the restriction": {
			service:    service("same-controller", ""),
			want:       DefaultOptions("db"),
			wantErrors: []string{sameController("")},
		},
		"a drain window is in whole seconds": {
			service: service("drain-window", "1500ms"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/drain-window]: Invalid value: "1500ms": must be in whole seconds, as a container's preStop sleep is`,
			},
		},
		"a misspelt annotation is reported with the right ones": {
			service: service("min-redy", "10s"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/min-redy]: Unsupported value: "tanist.dev/min-redy": supported values: ` + knownKeys,
			},
		},
		"a priority does not belong on a Service": {
			service: service("priority", "1"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/priority]: Invalid value: "1": belongs on the pods (in the template of their workload), not on the Service`,
			},
		},
		"a Service that opts in otherwise than with true does not": {
			service: &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "db", Annotations: map[string]string{EnabledKey: "True"}}},
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/enabled]: Unsupported value: "True": supported values: "true", "false"`,
			},
		},
		"a leader Service cannot be the Service itself": {
			service: service("leader-service", "db"),
			want:    DefaultOptions("db"),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/leader-service]: Invalid value: "db": must differ from the name of the Service itself`,
			},
		},
		"a Service that opts in needs a selector": {
			service: func() *corev1.Service {
				s := service()
				s.Spec.Selector = nil
				return s
			}(),
			want:       DefaultOptions("db"),
			wantErrors: []string{`spec.selector: Required value: needed for tanist.dev/enabled: the leader is one of the pods it selects`},
		},
		"a Service that opts in needs a port": {
			service: func() *corev1.Service {
				s := service()
				s.Spec.Ports = nil
				return s
			}(),
			want:       DefaultOptions("db"),
			wantErrors: []string{`spec.ports: Required value: needed for tanist.dev/enabled: a leader Service has a cluster IP, and that needs a port`},
		},
		"a Service that opts in has pods": {
			service: func() *corev1.Service {
				s := service()
				s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
				return s
			}(),
			want: DefaultOptions("db"),
			wantErrors: []string{
				`spec.type: Invalid value: "ExternalName": must be another type to have tanist.dev/enabled: an external name has no pods`,
			},
		},
		"a Service that does not opt in may be anything": {
			service: &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: strings.Repeat("a", 63)},
				Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName},
			},
			want: Options{
				Strategy: StrategyOldest, Sticky: true, MinReadyUnprobed: 5 * time.Second, ProbePods: true, LeaderServiceType: TypeClusterIP,
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, errs := ParseOptions(test.service)
			if diff := cmp.Diff(test.wantErrors, messages(errs)); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDefaultNameOfALeaderService(t *testing.T) {
	cases := map[string]struct {
		service    string
		annotation string
		want       string
		wantErrors []string
	}{
		"the longest name that leaves room for the suffix": {
			service: strings.Repeat("a", 56),
			want:    strings.Repeat("a", 56) + "-leader",
		},
		"a name that leaves no room needs the annotation": {
			service: strings.Repeat("a", 57),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/leader-service]: Invalid value: "` + strings.Repeat("a", 57) + `-leader": is the default and ` +
					`cannot be the name of a Service, so this annotation is needed: must be no more than 63 characters`,
			},
		},
		"a name that leaves no room, with the annotation": {
			service:    strings.Repeat("a", 57),
			annotation: "short",
			want:       "short",
		},
		"a name that leaves no room, with a wrong annotation, has no name": {
			service:    strings.Repeat("a", 57),
			annotation: strings.Repeat("b", 64),
			wantErrors: []string{
				`metadata.annotations[tanist.dev/leader-service]: Invalid value: "` + strings.Repeat("b", 64) +
					`": must be the name of a Service: must be no more than 63 characters`,
			},
		},
		"a Service whose name is yet to be generated": {},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := service()
			s.Name = test.service
			if test.annotation != "" {
				s.Annotations[LeaderServiceKey] = test.annotation
			}
			got, errs := ParseOptions(s)
			if diff := cmp.Diff(test.wantErrors, messages(errs)); diff != "" {
				t.Errorf("unexpected errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got.LeaderService); diff != "" {
				t.Errorf("unexpected name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePriority(t *testing.T) {
	const wrong = `metadata.annotations[tanist.dev/priority]: Invalid value: %q: must be an integer from -2147483648 to 2147483647`
	cases := map[string]struct {
		annotations map[string]string
		want        int
		wantError   string
	}{
		"no annotation is zero":         {},
		"a positive priority":           {annotations: map[string]string{PriorityKey: "100"}, want: 100},
		"the lowest priority":           {annotations: map[string]string{PriorityKey: "-2147483648"}, want: -2147483648},
		"an empty priority is an error": {annotations: map[string]string{PriorityKey: ""}, wantError: strings.Replace(wrong, "%q", `""`, 1)},
		"a word is an error":            {annotations: map[string]string{PriorityKey: "high"}, wantError: strings.Replace(wrong, "%q", `"high"`, 1)},
		"a priority beyond 32 bits is an error": {
			annotations: map[string]string{PriorityKey: "2147483648"}, wantError: strings.Replace(wrong, "%q", `"2147483648"`, 1),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePriority(test.annotations)
			gotError := ""
			if err != nil {
				gotError = err.Error()
			}
			if diff := cmp.Diff(test.wantError, gotError); diff != "" {
				t.Errorf("unexpected error (-want +got):\n%s", diff)
			}
			if got != test.want {
				t.Errorf("got priority %d, want %d", got, test.want)
			}
		})
	}
}

func TestDrainWindowOr(t *testing.T) {
	tuning := DefaultTuning()
	if got := DefaultOptions("db").DrainWindowOr(tuning); got != 3*time.Second {
		t.Errorf("without an annotation got %s, want the tuning's 3s", got)
	}
	tuning.Election.MaxDrainWindow = milliseconds(2000)
	if got := DefaultOptions("db").DrainWindowOr(tuning); got != 3*time.Second {
		t.Errorf("without an annotation, and shorter ones allowed, got %s, want the tuning's 3s", got)
	}
	for asked, want := range map[time.Duration]time.Duration{2: 2, 3: 3, 4: 3} {
		asked, want := asked*time.Second, want*time.Second // others get 3s without asking
		if got := (Options{DrainWindow: &asked}).DrainWindowOr(tuning); got != want {
			t.Errorf("with the annotation %s got %s, want %s", asked, got, want)
		}
	}
	none := time.Duration(0)
	if got := (Options{DrainWindow: &none}).DrainWindowOr(tuning); got != 0 {
		t.Errorf("with the annotation 0s got %s, want 0s", got)
	}
}

func TestLossAfterOr(t *testing.T) {
	tuning := DefaultTuning()
	tuning.Observe.LossAfter = milliseconds(2000)
	if got := DefaultOptions("db").LossAfterOr(tuning); got != 2*time.Second {
		t.Errorf("without an annotation got %s, want the tuning's 2s", got)
	}
	for _, want := range []time.Duration{0, time.Second, 5 * time.Second} {
		if got := (Options{LossAfter: &want}).LossAfterOr(tuning); got != want {
			t.Errorf("with the annotation %s got %s", want, got)
		}
	}
}

func TestEnabled(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "True": false, "1": false, "": false, "false": false} {
		if got := Enabled(map[string]string{EnabledKey: value}); got != want {
			t.Errorf("with %q got %t, want %t", value, got, want)
		}
	}
	if Enabled(nil) {
		t.Error("enabled without annotations")
	}
}
