package disruption

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/effort"
	"github.com/tanist-dev/tanist/test/gen"
)

// podsAndPorts is an input of FuzzCandidates: what users write, and a kubelet.
type podsAndPorts struct {
	Pods  []*corev1.Pod
	Ports []corev1.ServicePort
}

// FuzzCandidates decides about pods as somebody might have written them.
func FuzzCandidates(f *testing.F) {
	add := func(input podsAndPorts) {
		written, err := json.Marshal(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(written, "Deployment", "web-deployment", int64(0))
	}
	ports := []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}}
	add(podsAndPorts{[]*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", gen.Terminating), gen.ReadyPod("c3", gen.OwnedByReplicaSet("r1"))}, ports})
	add(podsAndPorts{[]*corev1.Pod{gen.ReadyPod("a1", gen.DisruptionTarget), gen.ReadyPod("b2", gen.OwnedByStatefulSet("v1"))}, ports})
	many := podsAndPorts{Pods: []*corev1.Pod{gen.ReadyPod("a1")}}
	for i := range 2000 {
		many.Ports = append(many.Ports, corev1.ServicePort{Port: int32(i + 1), TargetPort: intstr.FromString(fmt.Sprintf("q%d", i))})
		many.Pods[0].Spec.Containers[0].Ports = append(many.Pods[0].Spec.Containers[0].Ports, corev1.ContainerPort{Name: fmt.Sprintf("p%d", i)})
	}
	add(many)
	stores := store.NewFake(gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2), gen.Deployment("web-deployment"), gen.StatefulSet("db", 3, "v2"))
	families := []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}
	f.Fuzz(func(t *testing.T, written []byte, kind, name string, seconds int64) {
		var input podsAndPorts
		if len(written) > effort.MaxInput || json.Unmarshal(written, &input) != nil {
			return
		}
		var pods []*corev1.Pod
		for _, pod := range input.Pods {
			if pod != nil {
				pods = append(pods, pod)
			}
		}
		rules := election.Rules{Strategy: election.StrategyOldest, Sticky: seconds%2 == 0, NotReadyGrace: time.Minute}
		now := gen.T0.Add(time.Duration(seconds%1000) * time.Second)
		var decision election.Decision
		effort.Limit(t, "deciding about an object", func() {
			trimmed := make([]*corev1.Pod, 0, len(pods))
			for _, pod := range pods {
				trimmed = append(trimmed, trim.Pod(pod))
			}
			tuning := config.DefaultTuning()
			options := config.Options{SameController: config.Workload{Kind: kind, Name: name}}
			disruptions := Of(stores, trimmed, options, tuning)
			decision = election.Decide(rules, Candidates(trimmed, disruptions, input.Ports, families, options, tuning), election.Incumbent{}, now)
		})
		if decision.Leader != nil && (!decision.Leader.Fit() || !decision.Ready) {
			t.Errorf("a pod that cannot lead is elected: %+v", decision.Leader)
		}
		for _, pod := range pods {
			trimmed := trim.Pod(pod)
			if !trim.TooLarge(trimmed) && (trim.HasCrashed(trimmed) != trim.HasCrashed(pod) || trim.RunsToCompletion(trimmed) != trim.RunsToCompletion(pod) ||
				config.Probed(&trimmed.Spec) != config.Probed(&pod.Spec) || !reflect.DeepEqual(store.ProbeOf(trimmed), store.ProbeOf(pod))) {
				t.Errorf("a trimmed pod is another candidate than the pod: %+v", pod)
			}
		}
	})
}
