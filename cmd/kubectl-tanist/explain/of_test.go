package explain

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

const (
	handover = "or, now: kubectl tanist handover web --namespace shop --to c"
	third    = "leads when the 2 pods before it have gone"
)

// TestWhereAPodStands says of pod c what the explanation says.
func TestWhereAPodStands(t *testing.T) {
	asName := "Name: nothing else distinguishes it from b, whose name comes first"
	for name, test := range map[string]struct {
		changes []func(*Input)
		want    []string
	}{
		"a pod like the others": {want: []string{"candidate", asName, third, handover}},
		"a pod that is not ready": {
			changes: []func(*Input){with(unready)},
			want:    []string{"no candidate", "NotReady: it is not ready, since 2026-03-01 11:59:00Z", "must become ready"},
		},
		"a pod that has not started": {
			changes: []func(*Input){with(unready, func(p *corev1.Pod) { p.Status.PodIPs = nil })},
			want:    []string{"no candidate", "NotReady: it is not ready, since 2026-03-01 11:59:00Z", "must become ready"},
		},
		"a pod without a node": {
			changes: []func(*Input){with(unready, func(p *corev1.Pod) { p.Spec.NodeName = "" })},
			want:    []string{"no candidate", "NotReady: it is not ready, since 2026-03-01 11:59:00Z: it has no node yet", "must become ready"},
		},
		"a pod on a node that is not heard": {
			changes: []func(*Input){with(unready), node("node-of-c", func(n *corev1.Node) {
				n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
			})},
			want: []string{
				"no candidate", "NotReady: it is not ready, since 2026-03-01 11:59:00Z: Kubernetes does not hear from its node node-of-c",
				"its node node-of-c must report again",
			},
		},
		"a pod on a node that is cordoned": {
			changes: []func(*Input){with(), node("node-of-c", func(n *corev1.Node) { n.Spec.Unschedulable = true })},
			want: []string{
				"candidate", "Announced: its node node-of-c is cordoned",
				"Announcement: b stays, or stays for longer",
				"its node node-of-c must stay (kubectl uncordon node-of-c), unless no better pod can lead", third,
			},
		},
		"a pod that is being deleted": {
			changes: []func(*Input){with(going, unready)},
			want: []string{
				"no candidate", "Terminating: it is being deleted", "NotReady: it is not ready, since 2026-03-01 11:59:00Z", "nothing: it is going",
			},
		},
		"a pod that is about to be evicted": {
			changes: []func(*Input){with(func(p *corev1.Pod) {
				p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
			})},
			want: []string{
				"candidate", "Announced: its eviction, preemption or deletion has been announced", "Deletion: it will be deleted sooner than b", third,
			},
		},
		"a pod without an address of the family": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.Status.PodIPs = []corev1.PodIP{{IP: "fd00::1"}} })},
			want: []string{
				"no candidate", "Unfit: it has no IPv4 address", "must get an address of the family of Service web (its ipFamilies)",
			},
		},
		"a pod without the port": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].Name = "web" })},
			want: []string{
				"no candidate", `Unfit: no container has a port named "http" with protocol TCP`,
				"must have a container port with that name, or Service web another targetPort",
			},
		},
		"a pod without one of two ports": {
			changes: []func(*Input){func(in *Input) {
				in.Service.Spec.Ports = append(in.Service.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 81, TargetPort: intstr.FromString("admin")})
				for _, p := range in.Pods[:2] {
					p.Spec.Containers[0].Ports = append(p.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "admin", ContainerPort: 81})
				}
			}},
			want: []string{
				"candidate", `Incomplete: it lacks a part of the traffic: no container has a port named "admin" with protocol TCP`,
				"Traffic: b can take more of the traffic", third,
			},
		},
		"a pod of another workload": {
			changes: []func(*Input){asking(config.SameControllerKey, "StatefulSet/db"), func(in *Input) {
				for _, p := range in.Pods[:2] {
					p.OwnerReferences = controller("StatefulSet", "db", "db")
				}
			}},
			want: []string{
				"no candidate", "Excluded: it does not belong to StatefulSet/db, which tanist.dev/same-controller on the Service names",
				"must belong to StatefulSet/db: change or remove the annotation tanist.dev/same-controller of the Service if it should lead",
			},
		},
		"a pod that is not to lead": {
			changes: []func(*Input){with(annotated(config.CandidateKey, "false"))},
			want: []string{
				"no candidate", "Excluded: its annotation tanist.dev/candidate is false",
				"if it should lead: kubectl annotate pod c --namespace shop tanist.dev/candidate-",
			},
		},
		"a pod without the condition": {
			changes: []func(*Input){asking(config.CandidateConditionKey, "example.com/CaughtUp")},
			want: []string{
				"no candidate", "Excluded: its condition example.com/CaughtUp is not True, as tanist.dev/candidate-condition on the Service asks for",
				"must have the condition example.com/CaughtUp",
			},
		},
		"a pod of a Service that is paused": {
			changes: []func(*Input){asking(config.PausedKey, "true")}, want: []string{"candidate", asName, third},
		},
		"whether it is a pod of another workload is not known": {
			changes: []func(*Input){asking(config.SameControllerKey, "StatefulSet/db"), func(in *Input) { in.WorkloadsKnown = false }},
			want:    []string{"candidate", asName, third, handover},
		},
		"a pod that was believed lost": {
			changes: []func(*Input){func(in *Input) {
				in.Slices[0].Annotations[config.LostKey] = leaderslice.LostAnnotation(leaderslice.Losses{}.With(leaderslice.Mark{Pod: "uid-c", At: t0.Add(-time.Minute)}))
			}},
			want: []string{
				"candidate", "InDoubt: Tanist moved the leader away from it at 2026-03-01 11:59:00Z, because it seemed to be lost",
				"Trust: a pod that seemed to be lost not long ago comes after b",
				"must have been heard for some seconds, or wait until 2026-03-01 12:01:00Z", third,
			},
		},
		"a pod that is too young": {
			changes: []func(*Input){asking(config.MinReadyKey, "2m"), func(in *Input) {
				for _, p := range in.Pods[:2] {
					p.Status.Conditions[0].LastTransitionTime = metav1.NewTime(t0.Add(-time.Hour))
				}
			}},
			want: []string{
				"candidate", "TooYoung: it has been ready since 2026-03-01 11:59:00Z, which is less than tanist.dev/min-ready (2m0s) asks for",
				"MinReady: b has been ready for long enough, and this pod has not",
				"must stay ready until 2026-03-01 12:01:00Z, unless no other pod can lead", third,
			},
		},
		"a pod that runs to completion": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever })},
			want: []string{
				"candidate", "RunsToCompletion: it runs to completion: it belongs to a Job, or its containers are not always restarted",
				"Completion: a pod that runs to completion comes after b", third,
			},
		},
		"a pod with the lower priority": {
			changes: []func(*Input){func(in *Input) { in.Pods[1] = pod("b", annotated(config.PriorityKey, "7")) }},
			want:    []string{"candidate", "Priority: b has the higher priority (7)", third, handover},
		},
		"a younger pod": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(t0.Add(-time.Minute)) })},
			want:    []string{"candidate", "Strategy: the strategy oldest prefers b", third, handover},
		},
		"a pod beside the leader": {
			changes: []func(*Input){with(func(p *corev1.Pod) { p.Spec.NodeName = "node-of-a" })},
			want:    []string{"candidate", "Node: it is on the leader's node, and b is not", third, handover},
		},
		"the successor": {
			changes: []func(*Input){with(annotated(config.PriorityKey, "1"))},
			want:    []string{"successor", "is next: leads as soon as a goes", handover},
		},
		"the preferred leader": {
			changes: []func(*Input){asking(config.PreferredLeaderKey, "c")},
			want:    []string{"takes over", "takes over as soon as Tanist acts (Preferred)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := explained(t, test.changes...)
			if diff := cmp.Diff(test.want, said(x, "c")); diff != "" {
				t.Errorf("unexpected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLeader(t *testing.T) {
	for name, test := range map[string]struct {
		changes []func(*Input)
		want    []string
		move    *Move
	}{
		"it leads": {want: []string{"leads"}},
		"it is gone": {
			changes: []func(*Input){func(in *Input) { in.Pods = in.Pods[1:] }}, move: &Move{To: "b", Reason: "LeaderGone"},
		},
		"it is being deleted": {
			changes: []func(*Input){func(in *Input) { in.Pods[0] = pod("a", going) }}, move: &Move{To: "b", Reason: "LeaderDeleted"},
			want: []string{"leads, and gives way", "Terminating: it is being deleted", "nothing: it is going"},
		},
		"it is being deleted, and nobody can follow": {
			changes: []func(*Input){func(in *Input) { in.Pods = []*corev1.Pod{pod("a", going)} }},
			want:    []string{"leads", "Terminating: it is being deleted"},
		},
		"its grace ends": {
			changes: []func(*Input){asking(config.NotReadyGraceKey, "90s"), func(in *Input) { in.Pods[0] = pod("a", unready) }},
			want:    []string{"leads", "NotReady: it is not ready, since 2026-03-01 11:59:00Z"},
			move:    &Move{To: "b", Reason: "LeaderNotReady", At: new(t0.Add(30 * time.Second))},
		},
		// It says to Tanist itself that it is ready: its slice still calls it so.
		"Kubernetes does not hear from its node": {
			changes: []func(*Input){func(in *Input) { in.Pods[0] = pod("a", outOfSight) }},
			want:    []string{"leads", "NotReady: it is not ready, since 2026-03-01 11:59:00Z: Kubernetes does not hear from its node node-of-a"},
		},
		"Kubernetes does not hear from its node, and Tanist does not ask its pod": {
			changes: []func(*Input){asking(config.ProbeKey, "off"), func(in *Input) { in.Pods[0] = pod("a", outOfSight) }},
			want: []string{
				"leads, and gives way", "NotReady: it is not ready, since 2026-03-01 11:59:00Z: Kubernetes does not hear from its node node-of-a",
				"its node node-of-a must report again",
			},
			move: &Move{To: "b", Reason: "LeaderNotReady"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := explained(t, test.changes...)
			if diff := cmp.Diff(test.want, said(x, "a")); diff != "" {
				t.Errorf("unexpected (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.move, x.Move); diff != "" {
				t.Errorf("unexpected move (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWatched(t *testing.T) {
	for name, test := range map[string]struct {
		changes []func(*Input)
		want    []string
	}{
		"node and pod": {want: []string{
			"its node node-of-a, by the kubelet: lost when it has been silent for 1.1s",
			"its pod, by its readiness probe (httpGet /healthz on port 8080): a crash at once, a hang when it has not answered for 3s",
		}},
		"windows of the Service": {
			changes: []func(*Input){asking(config.LossAfterKey, "2s"), asking(config.FreezeAfterKey, "5s")},
			want: []string{
				"its node node-of-a, by the kubelet: lost when it has been silent for 2s",
				"its pod, by its readiness probe (httpGet /healthz on port 8080): a crash at once, a hang when it has not answered for 5s",
			},
		},
		"nothing": {
			changes: []func(*Input){asking(config.LossAfterKey, "0s"), asking(config.ProbeKey, "off")},
			want:    []string{"not its node: tanist.dev/loss-after is 0s", "not its pod: tanist.dev/probe is off"},
		},
		"pods may not be read": {changes: []func(*Input){func(in *Input) { in.Pods, in.PodsKnown = nil, false }}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, explained(t, test.changes...).Watched); diff != "" {
				t.Errorf("unexpected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryReasonHasAText(t *testing.T) {
	for _, reason := range election.Reasons() {
		if reasonTexts[reason] == "" {
			t.Errorf("%s has none", reason)
		}
	}
}

func node(name string, change func(*corev1.Node)) func(*Input) {
	return func(in *Input) {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		change(n)
		in.Others = append(in.Others, n)
	}
}

func explained(t *testing.T, changes ...func(*Input)) *Explanation {
	t.Helper()
	x, err := Of(input(changes...), t0)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// said is all that is said of a pod.
func said(x *Explanation, name string) []string {
	var all []string
	for i := range x.Pods {
		p := &x.Pods[i]
		if p.Name != name {
			continue
		}
		all = append(all, RoleText(p))
		for _, obstacle := range p.Obstacles {
			all = append(all, fmt.Sprint(obstacle.Obstacle, ": ", obstacle.Message))
		}
		if p.Behind != nil {
			all = append(all, fmt.Sprint(p.Behind.Criterion, ": ", p.Behind.Message))
		}
		all = append(all, p.ToLead...)
	}
	return all
}

func TestAServiceWithoutALeader(t *testing.T) {
	none := func(in *Input) { in.Services, in.Slices = in.Services[:1], nil }
	for name, test := range map[string]struct {
		changes []func(*Input)
		want    string
	}{
		"not opted in": {
			changes: []func(*Input){none, func(in *Input) { in.Service.Annotations = nil }},
			want:    "shop/web: Service not opted in: kubectl annotate service web --namespace shop tanist.dev/enabled=true\n",
		},
		"the namespace is not labelled": {
			changes: []func(*Input){none, func(in *Input) { in.Namespace = &corev1.Namespace{} }},
			want:    "shop/web: namespace not opted in: kubectl label namespace shop tanist.dev/enabled=true\n",
		},
		"no selector": {
			changes: []func(*Input){none, func(in *Input) { in.Service.Spec.Selector = nil }},
			want:    "shop/web: cannot have a leader: spec.selector: Required value: ",
		},
		"the name is taken": {
			changes: []func(*Input){func(in *Input) { in.Services[1].OwnerReferences = nil }},
			want:    "shop/web: name taken: Service web-leader was not created by Tanist: choose another name with tanist.dev/leader-service\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := text(explained(t, test.changes...), t0)
			if !strings.HasPrefix(got, test.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("got %q, want one line: %q", got, test.want)
			}
		})
	}
}
