package handover

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/config"
)

func TestADryRunSaysWhoWouldLeadAndWhatIsInTheWay(t *testing.T) {
	pair := func() []runtime.Object { return led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}) }
	const (
		opted    = "√ the Service and its namespace have opted in\n√ the Service has a leader Service\n"
		able     = "√ pod web-2 is selected by the Service and ready\n√ no other pod is the preferred leader\n"
		rules    = "√ by Tanist's rules, web-2 takes over when it is preferred\n"
		watches  = "√ you may watch EndpointSlices, to see when it leads\n"
		running  = "√ a replica of Tanist holds the Lease, and so makes the move\n" + watches
		accepted = "√ the API server accepts the annotation from you\n"
		would    = "web: web-2 would lead after web-1 (dry run)\n" + opted + "√ web-1 leads, and web-2 is to follow\n" + able
		no       = "web: no hand-over (dry run)\n" + opted
		failed   = "the hand-over would fail"
	)
	for name, test := range map[string]struct {
		objects []runtime.Object
		change  func(*testing.T, *cluster)
		to      string
		want    string
		wantErr string
	}{
		"nothing is in the way": {objects: pair(), want: would + rules + running + accepted},
		"nobody can follow": {
			objects: led("shop", "web", placed{"web-1", "one"}), want: no + "× nobody can follow web-1: the Service has no other pod\n", wantErr: failed,
		},
		"the pod does not exist": {
			objects: pair(), to: "x", want: no + "√ web-1 leads, and x is to follow\n× pod x does not exist in namespace shop\n", wantErr: failed,
		},
		"the pod leads already": {objects: pair(), to: "web-1", want: "web: web-1 leads already, term 5\n"},
		"the Service has not opted in": {
			objects: changed(pair(), func(s *corev1.Service) { s.Annotations[config.EnabledKey] = "false" }),
			want:    "web: no hand-over (dry run)\n× shop/web is not opted in: kubectl annotate service web --namespace shop tanist.dev/enabled=true --overwrite\n", wantErr: failed,
		},
		"two checks fail": {
			objects: unready(changed(pair(), func(s *corev1.Service) { s.Annotations[config.PreferredLeaderKey] = "web-1" }), "web-2"),
			want: no + "√ web-1 leads, and web-2 is to follow\n× pod web-2 is not ready\n× the Service prefers pod web-1 (tanist.dev/preferred-leader), " +
				"which would take over again immediately: prefer the other one for good: kubectl tanist handover web -n shop --to web-2 --keep\n",
			wantErr: failed,
		},
		"the Service is paused": {
			objects: changed(pair(), func(s *corev1.Service) { s.Annotations[config.PausedKey] = "true" }),
			want: "web: no hand-over (dry run)\n√ the Service and its namespace have opted in\n× hand-overs of shop/web are paused, and this one would wait: " +
				"end the pause first: kubectl annotate service web -n shop tanist.dev/paused-\n",
			wantErr: failed,
		},
		"the Service follows a Lease": {
			objects: changed(pair(), func(s *corev1.Service) { s.Annotations[config.FollowLeaseKey] = "web" }),
			want: "web: no hand-over (dry run)\n√ the Service and its namespace have opted in\n× shop/web follows Lease web (tanist.dev/follow-lease), so its " +
				"application elects the leader, and Tanist only follows: make the leader give the Lease up, for example by deleting its pod\n",
			wantErr: failed,
		},
		"Tanist's rules say no": {
			objects: changed(pair(), func(s *corev1.Service) { s.Annotations[config.SameControllerKey] = "Deployment/web" }),
			want: "web: no hand-over (dry run)\n" + opted + "√ web-1 leads, and web-2 is to follow\n" + able +
				"× by Tanist's rules, web-2 does not take over: it does not belong to Deployment/web, which tanist.dev/same-controller on the Service names\n" + running + accepted,
			wantErr: failed,
		},
		"Tanist does not run": {
			objects: pair(), change: func(t *testing.T, c *cluster) {
				if err := c.Tracker().Delete(coordinationv1.SchemeGroupVersion.WithResource("leases"), system, config.LeaseName, metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			},
			want: "web: no hand-over (dry run)\n" + opted + "√ web-1 leads, and web-2 is to follow\n" + able + rules +
				"× Tanist is not running: there is no Lease tanist in namespace tanist-system (set --tanist-namespace if Tanist is elsewhere)\n" + watches + accepted,
			wantErr: failed,
		},
		"the tuning cannot be read": {
			objects: pair(), change: func(t *testing.T, c *cluster) {
				if err := c.CoreV1().ConfigMaps(system).Delete(t.Context(), config.TuningConfigMap, metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			},
			want: would + "- by Tanist's rules, web-2 takes over when it is preferred (not checked: the tuning could not be read, so its defaults are assumed)\n" +
				running + accepted,
		},
		"the user may not watch EndpointSlices": {
			objects: pair(), change: func(_ *testing.T, c *cluster) { c.PrependWatchReactor("endpointslices", mayNotWatch) },
			want: "web: no hand-over (dry run)\n" + opted + "√ web-1 leads, and web-2 is to follow\n" + able + rules + strings.TrimSuffix(running, watches) +
				"× failed to watch EndpointSlices: endpointslices.discovery.k8s.io is forbidden: no\n" + accepted,
			wantErr: failed,
		},
		"the user may not change the Service": {
			objects: pair(), change: func(_ *testing.T, c *cluster) { c.refuses = "web" },
			want: "web: no hand-over (dry run)\n" + opted + "√ web-1 leads, and web-2 is to follow\n" + able + rules + running +
				"× failed to annotate Service: services \"web\" is forbidden: no\n",
			wantErr: failed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, test.objects)
			if test.change != nil {
				test.change(t, c)
			}
			out, _, failure := c.handsOver(t, options{namespace: "shop", service: "web", to: test.to, dryRun: true})
			if diff := cmp.Diff(test.want, out); diff != "" || failure != test.wantErr {
				t.Errorf("got error %q, and (-want +got):\n%s", failure, diff)
			}
			if len(c.preferred) > 0 {
				t.Errorf("the dry run writes: %v", c.preferred)
			}
		})
	}
}

// TestAHandoverLeavesNoPreferenceBehind: the API server has carried out each patch, although its answer is lost.
func TestAHandoverLeavesNoPreferenceBehind(t *testing.T) {
	for name, test := range map[string]struct {
		loses int
		fails bool
	}{
		"the first answer is lost":                {loses: 1},
		"all answers to the first patch are lost": {loses: writePolicy.MaxAttempts, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}))
			c.loses = test.loses
			_, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"})
			if (failure != "") != test.fails {
				t.Errorf("got error %q", failure)
			}
			if got := c.preference(t, "shop", "web"); got != "" {
				t.Errorf("the annotation is left: %s", got)
			}
		})
	}
}

func mayNotWatch(clienttesting.Action) (bool, watch.Interface, error) {
	return true, nil, apierrors.NewForbidden(endpointSlices.GroupResource(), "", errors.New("no"))
}

// TestAHandoverThatNobodyCouldFollowChangesNothing: without a watch, nobody would learn that it has happened.
func TestAHandoverThatNobodyCouldFollowChangesNothing(t *testing.T) {
	c := newCluster(t, led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}))
	c.PrependWatchReactor("endpointslices", mayNotWatch)
	_, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"})
	if !strings.HasPrefix(failure, "failed to watch EndpointSlices: ") || len(c.preferred) > 0 {
		t.Errorf("got error %q, and %v preferred", failure, c.preferred)
	}
}

// TestAPreferenceThatCannotBeRestoredIsTold: the old value is wrong, and got past admission once.
func TestAPreferenceThatCannotBeRestoredIsTold(t *testing.T) {
	c := newCluster(t, changed(led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}), func(s *corev1.Service) {
		s.Annotations[config.PreferredLeaderKey] = "Web_0"
	}))
	c.refusesBack = true
	out, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"})
	if !strings.HasPrefix(failure, "failed to restore annotation tanist.dev/preferred-leader (restore it yourself): ") || !strings.Contains(out, "to web-2") {
		t.Errorf("got error %q, and %q", failure, out)
	}
}

// TestAStaleSuccessorIsNotAsked: Tanist publishes the successor a moment after a hand-over.
func TestAStaleSuccessorIsNotAsked(t *testing.T) {
	const moved = "web: from web-1 to web-2, term 6, after "
	forbidden := func(action clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("pods"), "", errors.New("no"))
	}
	for name, test := range map[string]struct {
		annotations map[string]string
		podsHidden  bool
		want, fails string
	}{
		"it is the leader":                {annotations: map[string]string{config.TermKey: "5", config.SuccessorKey: "web-1"}, want: moved},
		"it is that of an earlier leader": {annotations: map[string]string{config.TermKey: "4", config.SuccessorKey: "web-1"}, want: moved},
		"there is none":                   {annotations: map[string]string{config.TermKey: "5"}, want: moved},
		"there is none, and pods are hidden": {
			annotations: map[string]string{config.TermKey: "5"}, podsHidden: true, fails: "nobody can follow web-1: no other pod of the Service is ready",
		},
		"it is published later, and pods are hidden": {
			annotations: map[string]string{config.TermKey: "4", config.SuccessorKey: "web-1"}, podsHidden: true, want: moved,
		},
	} {
		t.Run(name, func(t *testing.T) {
			objects := led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"})
			objects[1].(*corev1.Service).Annotations = test.annotations
			c := newCluster(t, objects)
			if test.podsHidden {
				c.PrependReactor("*", "pods", forbidden)
				c.publishesLater(t, objects[1].(*corev1.Service).DeepCopy(), "5", "web-2")
			}
			out, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"})
			if !strings.HasPrefix(out, test.want) || test.want == "" && out != "" || failure != test.fails {
				t.Errorf("got %q, %q", out, failure)
			}
		})
	}
}

func TestAHandoverDoesNotWaitForATanistThatIsDown(t *testing.T) {
	const want = "Tanist is not running: no replica holds its Lease in namespace tanist-system"
	for name, o := range map[string]options{
		"of a Service":            {namespace: "shop", service: "web"},
		"of a node":               {node: "one"},
		"of a node, as a dry run": {node: "one", dryRun: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}))
			lease, err := c.CoordinationV1().Leases(system).Get(t.Context(), config.LeaseName, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			lease.Spec.HolderIdentity = new("")
			if _, err := c.CoordinationV1().Leases(system).Update(t.Context(), lease, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if out, _, failure := c.handsOver(t, o); !strings.Contains(out+failure, want) || failure == "" || len(c.preferred) > 0 {
				t.Errorf("got %q, %q, and %v preferred", out, failure, c.preferred)
			}
		})
	}
}

// TestAHandoverByATanistElsewhere: the leader Service says where it is.
func TestAHandoverByATanistElsewhere(t *testing.T) {
	objects := led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"})
	objects[1].(*corev1.Service).Annotations[config.InstallationKey] = "elsewhere"
	c := newCluster(t, objects)
	dryRun := options{namespace: "shop", service: "web", dryRun: true}
	if out, _, _ := c.handsOver(t, dryRun); !strings.Contains(out, "the tuning could not be read") {
		t.Errorf("got %q, although the tuning is not there", out)
	}
	if _, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"}); !strings.Contains(failure, "there is no Lease tanist in namespace elsewhere") {
		t.Errorf("got %q, although no replica has a Lease there", failure)
	}
	if _, err := c.CoordinationV1().Leases("elsewhere").Create(t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: config.LeaseName},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("tanist-1_x"), RenewTime: &metav1.MicroTime{Time: time.Now()}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, _, failure := c.handsOver(t, options{namespace: "shop", service: "web"}); failure != "" {
		t.Errorf("got %q", failure)
	}
}

func TestAHandover(t *testing.T) {
	c := newCluster(t, led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}))
	out, stderr, failure := c.handsOver(t, options{namespace: "shop", service: "web"})
	if !strings.HasPrefix(out, "web: from web-1 to web-2, term 6, after ") || stderr != "" || failure != "" {
		t.Errorf("got %q, %q, %q", out, stderr, failure)
	}
	if got := c.preference(t, "shop", "web"); got != "" {
		t.Errorf("the annotation is left: %s", got)
	}
}
