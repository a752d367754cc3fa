package watch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tanist-dev/tanist/config"
)

const viewed = "web-leader"

func newTestView() *View {
	return NewView(func(*corev1.Pod) string { return viewed }, viewed)
}

// testSlice is a slice of the viewed Service with one endpoint per pod named, ready unless the name begins with a dash.
func testSlice(name string, pods ...string) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: viewed},
		Annotations: map[string]string{config.TermKey: "7", config.ReasonKey: "Deleted"},
	}}
	for _, pod := range pods {
		endpoint := discoveryv1.Endpoint{}
		if pod[0] == '-' {
			pod, endpoint.Conditions.Ready = pod[1:], new(false)
		}
		endpoint.TargetRef = &corev1.ObjectReference{Name: pod, UID: types.UID("uid-" + pod)}
		slice.Endpoints = append(slice.Endpoints, endpoint)
	}
	return slice
}

func TestViewSeesChangesOfLeader(t *testing.T) {
	type step struct {
		eventType watch.EventType
		slice     *discoveryv1.EndpointSlice
	}
	tests := map[string]struct {
		steps []step
		want  []string // The leaders, one after another; empty: nobody.
	}{
		"one patch is one change": {
			steps: []step{{watch.Added, testSlice("v4", "a")}, {watch.Modified, testSlice("v4", "b")}}, want: []string{"a", "b"},
		},
		"an update that keeps the leader is none": {
			steps: []step{{watch.Added, testSlice("v4", "a")}, {watch.Modified, testSlice("v4", "a")}}, want: []string{"a"},
		},
		"of two IP families the first counts, and the second changes nothing": {
			steps: []step{
				{watch.Added, testSlice("v4", "a")},
				{watch.Added, testSlice("v6", "a")},
				{watch.Modified, testSlice("v4", "b")},
				{watch.Modified, testSlice("v6", "a")},
				{watch.Modified, testSlice("v6", "b")},
			},
			want: []string{"a", "b"},
		},
		"nobody leads when no family has a leader": {
			steps: []step{
				{watch.Added, testSlice("v4", "a")},
				{watch.Added, testSlice("v6", "a")},
				{watch.Modified, testSlice("v4")},
				{watch.Modified, testSlice("v6")},
				{watch.Modified, testSlice("v4", "b")},
			},
			want: []string{"a", "", "b"},
		},
		"an endpoint that is not ready does not lead": {
			steps: []step{{watch.Added, testSlice("v4", "a")}, {watch.Modified, testSlice("v4", "-a")}}, want: []string{"a", ""},
		},
		"a deleted slice has no leader": {
			steps: []step{{watch.Added, testSlice("v4", "a")}, {watch.Deleted, testSlice("v4", "a")}}, want: []string{"a", ""},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := newTestView()
			for _, step := range test.steps {
				sliceHandler{v}.Event(time.Now(), step.eventType, step.slice)
			}
			var got []string
			for _, change := range v.services[viewed].changes {
				got = append(got, change.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("leaders (-want +got):\n%s", diff)
			}
		})
	}
}

func TestViewReadsTermAndReason(t *testing.T) {
	v := newTestView()
	sliceHandler{v}.Event(time.Now(), watch.Added, testSlice("v4", "a"))
	if got := v.services[viewed].lastChange(); got.Term != 7 || got.Reason != "Deleted" {
		t.Errorf("term %d, reason %q, want 7 and Deleted", got.Term, got.Reason)
	}
}

func TestViewCatchesUpWithAList(t *testing.T) {
	v, at := newTestView(), time.Now()
	sliceHandler{v}.Replace(at, []runtime.Object{testSlice("v4", "a")})
	podHandler{v}.Replace(at, []runtime.Object{testPod("a"), testPod("b")})
	podHandler{v}.Replace(at.Add(time.Second), []runtime.Object{testPod("b")})
	sliceHandler{v}.Replace(at.Add(time.Second), nil)

	service := v.services[viewed]
	if len(service.pods) != 1 || service.unreadySince["uid-a"] != at.Add(time.Second) || service.lastChange().UID != "" {
		t.Errorf("pods %v, unready %v, leader %q, want b, a unready, nobody", service.pods, service.unreadySince, service.lastChange().Name)
	}
}

func TestViewIgnoresOtherServices(t *testing.T) {
	v := NewView(func(pod *corev1.Pod) string { return pod.Labels["app"] }, viewed)
	other := testSlice("v4", "a")
	other.Labels[discoveryv1.LabelServiceName] = "other"
	sliceHandler{v}.Event(time.Now(), watch.Added, other)
	podHandler{v}.Event(time.Now(), watch.Added, testPod("a"))
	podHandler{v}.Event(time.Now(), watch.Deleted, testPod("a"))
	if service := v.services[viewed]; len(service.pods) > 0 || len(service.changes) > 0 {
		t.Errorf("pods %v, changes %v, want none", service.pods, service.changes)
	}
}

func TestViewSeesHowTheLeaderEnds(t *testing.T) {
	with := func(hook corev1.LifecycleHandler) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Spec.Containers = []corev1.Container{{Lifecycle: &corev1.Lifecycle{PreStop: &hook}}}
		}
	}
	tests := map[string]struct {
		pod  *corev1.Pod
		want Pod
	}{
		"at once": {
			testPod("a", func(pod *corev1.Pod) { pod.Spec.Containers = []corev1.Container{{}} }), Pod{Name: "a", EndsAtOnce: true},
		},
		"after a drain window":         {testPod("a", with(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})), Pod{Name: "a"}},
		"with a hook of its own":       {testPod("a", with(corev1.LifecycleHandler{Exec: &corev1.ExecAction{}})), Pod{Name: "a"}},
		"it is gone, nobody knows how": {testPod("b"), Pod{Name: "a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := newTestView()
			podHandler{v}.Replace(time.Now(), []runtime.Object{test.pod})
			got := v.Leader(viewed, LeaderChange{UID: testPod("a").UID, Name: "a"})
			if got.Name != test.want.Name || got.EndsAtOnce != test.want.EndsAtOnce {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	ready := func(names ...string) []Pod {
		var pods []Pod
		for _, name := range names {
			pods = append(pods, podOf(testPod(name)))
		}
		return pods
	}
	leaderA := LeaderChange{UID: "uid-a", Name: "a"}
	pulling := podOf(testPod("c", unready, func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
		}}
	}))
	finished := podOf(testPod("c", unready, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodSucceeded }))
	tests := map[string]struct {
		pods   []Pod
		leader LeaderChange
		want   string
	}{
		"all there":                     {ready("a", "b"), leaderA, ""},
		"more than enough":              {ready("a", "b", "c"), leaderA, ""},
		"enough, and one more starts":   {append(ready("a", "b"), pulling), leaderA, "pod c is not ready: ErrImagePull"},
		"enough, and one has finished":  {append(ready("a", "b"), finished), leaderA, ""},
		"too few":                       {ready("a"), leaderA, "1 of 2 pods are ready"},
		"too few, and why":              {append(ready("a"), pulling), leaderA, "1 of 2 pods are ready (c: ErrImagePull)"},
		"nobody leads":                  {ready("a", "b"), LeaderChange{}, "no pod leads"},
		"somebody leads who is gone":    {ready("b", "c"), leaderA, "the leader a is not one of the ready pods"},
		"a leader that is terminating":  {append(ready("b", "c"), podOf(testPod("a", terminating))), leaderA, "the leader a is not one of the ready pods"},
		"terminating pods do not count": {append(ready("a"), podOf(testPod("b", terminating))), leaderA, "1 of 2 pods are ready"},
		"one that led still ends":       {append(ready("a", "b"), podOf(testPod("c", terminating))), leaderA, "pod c is still terminating"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := missing(test.pods, test.leader, 2); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAwaitSteadyWaitsForQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, began := newTestView(), time.Now()
		podHandler{v}.Replace(began, []runtime.Object{testPod("a"), testPod("b")})
		go func() {
			// The leader changes while the wait is under way: the quiet begins anew.
			<-time.After(600 * time.Millisecond)
			sliceHandler{v}.Event(time.Now(), watch.Added, testSlice("v4", "a"))
			<-time.After(600 * time.Millisecond)
			sliceHandler{v}.Event(time.Now(), watch.Modified, testSlice("v4", "b"))
			// So it does when a pod ends that began to terminate long ago.
			podHandler{v}.Event(time.Now(), watch.Modified, testPod("c", terminating))
			<-time.After(3 * time.Second)
			podHandler{v}.Event(time.Now(), watch.Deleted, testPod("c", terminating))
		}()
		leader, changes, err := v.AwaitSteady(t.Context(), viewed, Steady{Pods: 2, Quiet: time.Second})
		if err != nil || leader.Name != "b" || changes != 2 {
			t.Errorf("leader %q after %d changes, %v, want b after 2", leader.Name, changes, err)
		}
		if waited := time.Since(began); waited != 5200*time.Millisecond {
			t.Errorf("waited %s, want 5.2s", waited)
		}
	})
}

func TestAWaitNamesTheWatchThatFailed(t *testing.T) {
	const slicesFailed = "; the watch on EndpointSlices failed and has shown nothing since: down"
	tests := map[string]struct {
		then func(*View)
		want string
	}{
		"nothing has followed":         {then: func(*View) {}, want: slicesFailed},
		"the other watch was listed":   {then: func(v *View) { podHandler{v}.Replace(time.Now(), nil) }, want: slicesFailed},
		"the other watch had an event": {then: func(v *View) { podHandler{v}.Event(time.Now(), watch.Added, testPod("a", unready)) }, want: slicesFailed},
		"it was listed":                {then: func(v *View) { sliceHandler{v}.Replace(time.Now(), nil) }},
		"it goes on without a list":    {then: func(v *View) { sliceHandler{v}.Event(time.Now(), watch.Added, testSlice("v4")) }},
		"both failed": {
			then: func(v *View) { podHandler{v}.Failed(errors.New("too old")) },
			want: "; the watch on pods failed and has shown nothing since: too old" + slicesFailed,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithDeadline(t.Context(), time.Now())
			defer cancel()
			v := newTestView()
			sliceHandler{v}.Failed(errors.New("down"))
			test.then(v)
			_, err := v.AwaitMove(ctx, viewed, "", 0)
			if want := "gave up on Service web-leader: no other pod leads" + test.want; err == nil || err.Error() != want {
				t.Errorf("error = %v, want %s", err, want)
			}
		})
	}
}
