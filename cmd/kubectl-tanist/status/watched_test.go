package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestWatched(t *testing.T) {
	probe := func(probe *corev1.Probe) func(*Objects) {
		return func(o *Objects) {
			o.Pods[0] = pod("a", func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = probe })
		}
	}
	command := asks(corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}})
	cases := map[string]struct {
		changes []func(*Objects)
		want    *Watched
	}{
		"a leader as usual": {want: &Watched{Node: true, Pod: true}},
		"nobody leads": {
			changes: []func(*Objects){func(o *Objects) { o.Slices = []*discoveryv1.EndpointSlice{slice(nobody)} }},
		},
		"pods may not be read": {changes: []func(*Objects){func(o *Objects) { o.Pods, o.PodsKnown = nil, false }}},
		"the tuning switches it off": {
			changes: []func(*Objects){func(o *Objects) { o.Observation.Off = true }},
			want:    &Watched{Reasons: []string{"observe.enabled is false in the tuning"}},
		},
		"the leader is being deleted": {
			changes: []func(*Objects){func(o *Objects) {
				o.Pods[0] = pod("a", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: t0} })
			}},
			want: &Watched{Reasons: []string{"the leader is being deleted"}},
		},
		"the only node": {
			changes: []func(*Objects){func(o *Objects) { o.Observation.OneNode = true }},
			want:    &Watched{Pod: true, Reasons: []string{"its node: the cluster has no other"}},
		},
		"a node that is not known": {
			changes: []func(*Objects){func(o *Objects) {
				o.Slices[0].Endpoints[0].NodeName = nil
				o.Pods[0] = pod("a", func(p *corev1.Pod) { p.Spec.NodeName = "" })
			}},
			want: &Watched{Pod: true, Reasons: []string{"its node: it is not known"}},
		},
		"the Service does not want its node watched": {
			changes: []func(*Objects){annotated(config.LossAfterKey, "0s")},
			want:    &Watched{Pod: true, Reasons: []string{"its node: tanist.dev/loss-after is 0s"}},
		},
		"the Service does not want its pods asked": {
			changes: []func(*Objects){annotated(config.ProbeKey, "off")},
			want:    &Watched{Node: true, Reasons: []string{"its pod: tanist.dev/probe is off"}},
		},
		"the Service wants crashes noticed alone": {
			changes: []func(*Objects){annotated(config.FreezeAfterKey, "0s")},
			want:    &Watched{Node: true, Pod: true, Reasons: []string{"its pod, if it hangs: tanist.dev/freeze-after is 0s"}},
		},
		"the Service wants a longer silence": {
			changes: []func(*Objects){annotated(config.FreezeAfterKey, "1m"), annotated(config.LossAfterKey, "1m")},
			want:    &Watched{Node: true, Pod: true},
		},
		"no readiness probe": {
			changes: []func(*Objects){probe(nil)},
			want:    &Watched{Node: true, Reasons: []string{"its pod: it has no readiness probe"}},
		},
		"a readiness probe that is a command": {
			changes: []func(*Objects){probe(command)},
			want: &Watched{Node: true, Reasons: []string{
				"its pod: no readiness probe of it can be repeated from another node, as an httpGet, grpc or tcpSocket to the pod itself can",
			}},
		},
		"nothing of both": {
			changes: []func(*Objects){annotated(config.LossAfterKey, "0s"), probe(nil)},
			want:    &Watched{Reasons: []string{"its node: tanist.dev/loss-after is 0s", "its pod: it has no readiness probe"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Of(objects(test.changes...)).Watched); diff != "" {
				t.Errorf("unexpected (-want +got):\n%s", diff)
			}
		})
	}
}
