package leaderslice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestWithControllerKeepsOtherOwners(t *testing.T) {
	ours, yes := ControllerReference(gen.WebService()), true
	other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"}
	old := metav1.OwnerReference{APIVersion: "v1", Kind: "Service", Name: "web", UID: "old", Controller: &yes}
	loose := ours
	loose.Controller = nil
	cases := map[string]struct{ has, want []metav1.OwnerReference }{
		"no owner":                                       {want: []metav1.OwnerReference{ours}},
		"another owner":                                  {has: []metav1.OwnerReference{other}, want: []metav1.OwnerReference{other, ours}},
		"another Service is the controller":              {has: []metav1.OwnerReference{old, other}, want: []metav1.OwnerReference{ours, other}},
		"ours is not the controller":                     {has: []metav1.OwnerReference{other, loose}, want: []metav1.OwnerReference{other, ours}},
		"ours is the controller already":                 {has: []metav1.OwnerReference{other, ours}, want: []metav1.OwnerReference{other, ours}},
		"another Service is the controller, beside ours": {has: []metav1.OwnerReference{loose, old}, want: []metav1.OwnerReference{ours}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := WithController(test.has, ours)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected owners (-want +got):\n%s", diff)
			}
		})
	}
}
