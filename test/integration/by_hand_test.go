//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// TestALeaderThatAUserHasMovedByHand follows the runbook: no replica runs, the leader is lost, and somebody puts another pod into the slice.
func TestALeaderThatAUserHasMovedByHand(t *testing.T) {
	for name, test := range map[string]struct {
		lost, prefers bool // whether the leader is lost, and whether the user prefers the pod
		want, reason  string
	}{
		"the leader is gone": {lost: true, prefers: true, want: "c", reason: "LeaderGone"},
		"the leader is there again, and another is preferred": {prefers: true, want: "c", reason: "Preferred"},
		"the leader is there again":                           {want: "a", reason: "FirstLeader"},
	} {
		t.Run(name, func(t *testing.T) {
			installation := newTanist(t)
			r := installation.startElected()
			s, first := pair(t)
			s.withReadyPod("web", "c")
			s.mirrored("web-leader", first)
			r.stop()
			if test.lost {
				s.kill("a")
			}
			addressOf := func(pod string) string { return history.pod(s.namespace, pod).Status.PodIP }
			patch(t, clientset.DiscoveryV1().EndpointSlices(s.namespace), types.JSONPatchType, "web-leader-ipv4", fmt.Sprintf(
				`[{"op":"add","path":"/endpoints","value":[{"addresses":[%q],"conditions":{"ready":true}}]},
				  {"op":"add","path":"/ports","value":[{"port":%d,"protocol":"TCP"}]}]`, addressOf("c"), first.Port))
			if test.prefers {
				s.annotate("web", config.PreferredLeaderKey, "c")
			}
			installation.startElected()
			last := s.says("web", test.want+" leads", func(l leadership) bool {
				return l.Leader == test.want && l.Ready && l.Address == addressOf(test.want)
			})
			if last.Reason != test.reason || last.Port != first.Port {
				t.Errorf("got %+v after %+v, want %s with reason %s", last, first, test.want, test.reason)
			}
			if moved := test.want != first.Leader; moved != (last.Term > first.Term) {
				t.Errorf("got %+v after %+v", last, first)
			}
		})
	}
}
