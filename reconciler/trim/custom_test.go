package trim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestWhatIsKeptOfTheConditionsOfApplications(t *testing.T) {
	isTrue := func(types ...string) (all []corev1.PodCondition) {
		for _, kind := range types {
			all = append(all, corev1.PodCondition{Type: corev1.PodConditionType(kind), Status: corev1.ConditionTrue})
		}
		return all
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("example.com/c%d", i))
	}
	cases := map[string]struct{ has, want []corev1.PodCondition }{
		"none":                            {},
		"those of Kubernetes are no part": {has: isTrue("ContainersReady", "PodScheduled")},
		"one": {
			has: []corev1.PodCondition{{
				Type: "example.com/CaughtUp", Status: corev1.ConditionTrue, Reason: "x", Message: strings.Repeat("x", 1000), LastTransitionTime: metav1.NewTime(gen.T0),
			}},
			want: isTrue("example.com/CaughtUp"),
		},
		"one that is not True counts as missing": {has: []corev1.PodCondition{{Type: "example.com/CaughtUp", Status: corev1.ConditionUnknown}}},
		"one that is there twice":                {has: isTrue("example.com/a", "example.com/a"), want: isTrue("example.com/a")},
		"one whose type is too long to be one":   {has: isTrue("example.com/" + strings.Repeat("x", 400))},
		"so many that nobody needs them":         {has: isTrue(many...), want: isTrue(many[:maxCustomConditions]...)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status.Conditions = append(pod.Status.Conditions, test.has...) })
			once := Pod(pod)
			if diff := cmp.Diff(test.want, once.Status.Conditions[1:], cmp.Comparer(sameOrEmpty)); diff != "" {
				t.Errorf("unexpected conditions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(once, Pod(once)); diff != "" {
				t.Errorf("a pod that is trimmed twice differs (-once +twice):\n%s", diff)
			}
		})
	}
}

func sameOrEmpty(a, b []corev1.PodCondition) bool {
	return len(a)+len(b) == 0 || cmp.Equal(fmt.Sprint(a), fmt.Sprint(b))
}

func TestWhatIsKeptOfTheLabelsOfANode(t *testing.T) {
	labelled := func(count int) *corev1.Node {
		labels := map[string]string{corev1.LabelTopologyZone: "zone-1"}
		for i := range count {
			labels[fmt.Sprintf("f%04d", i)] = "x"
		}
		return gen.NodeNamed("n", func(node *corev1.Node) { node.Labels = labels })
	}
	if few := trimNode(labelled(50)); len(few.Labels) != 51 || few.Labels["f0007"] != "x" {
		t.Errorf("got %d labels of a node with 51", len(few.Labels))
	}
	if many := trimNode(labelled(5000)); len(many.Labels) > maxLabels+1 || many.Labels[corev1.LabelTopologyZone] != "zone-1" {
		t.Errorf("got %d labels of a node with 5001, and zone %q", len(many.Labels), many.Labels[corev1.LabelTopologyZone])
	}
	if none := trimNode(gen.NodeNamed("n")); none.Labels != nil {
		t.Errorf("got labels %v of a node without any", none.Labels)
	}
}
