package explain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestText(t *testing.T) {
	hookless := func(p *corev1.Pod) { p.Spec.Containers[0].Lifecycle = nil }
	want := `Service:        shop/web
Leader Service: web-leader
Leader:         a on node node-of-a, since 2026-03-01 11:00:00Z (60m ago), term 3
Reason:         LeaderDeleted: the deletion of the pod before it began
Watched:        its node node-of-a, by the kubelet: lost when it has been silent for 1.1s
                its pod, by its readiness probe (httpGet /healthz on port 8080): a crash at once, a hang when it has not answered for 3s

Pods, in the order of succession:
- a: leads, priority 0, on node node-of-a
- b: successor, priority 7, on node node-of-b
    placed by:    Priority: it comes before c
    to lead:      is next: leads as soon as a goes
    to lead:      or, now: kubectl tanist handover web --namespace shop --to b
- c: candidate, priority 0, on node node-of-c
    placed by:    Priority: b has the higher priority (7)
    to lead:      leads when the 2 pods before it have gone
    to lead:      or, now: kubectl tanist handover web --namespace shop --to c
- d: no candidate, priority 0, on node node-of-d
    cannot lead:  it is not ready, since 2026-03-01 11:59:00Z
    to lead:      must become ready
    drain window: none: it was created before the window applied; delete it only after another pod has led for a few seconds (kubectl tanist handover), or leave it to the next rollout
`
	if diff := cmp.Diff(want, text(explained(t, func(in *Input) {
		in.Pods[1] = pod("b", annotated(config.PriorityKey, "7"))
		in.Pods = append(in.Pods, pod("d", unready, hookless))
	}), t0)); diff != "" {
		t.Errorf("unexpected text (-want +got):\n%s", diff)
	}
}

// TestAWrongOptInIsAProblem has all that is in the way of a leader: to correct one thing of two helps nobody.
func TestAWrongOptInIsAProblem(t *testing.T) {
	in := input(asking(config.EnabledKey, "yes"), func(in *Input) {
		in.Services, in.Slices = in.Services[:1], nil
		in.Namespace = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	})
	x, err := Of(in, t0)
	if err != nil {
		t.Fatal(err)
	}
	const want = `shop/web: wrong annotation enabled: metadata.annotations[tanist.dev/enabled]: Unsupported value: "yes": supported values: "true", "false"; ` +
		"so this Service has no leader: kubectl annotate service web --namespace shop tanist.dev/enabled=true --overwrite\n" +
		"shop/web: namespace not opted in: kubectl label namespace shop tanist.dev/enabled=true\n"
	if diff := cmp.Diff(want, text(x, t0)); diff != "" {
		t.Errorf("unexpected text (-want +got):\n%s", diff)
	}
}
