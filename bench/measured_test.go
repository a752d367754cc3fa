package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/config"
)

// shop is a user's opted-in namespace with a Service, its leader Service and three pods, one of them not ready.
type shop struct {
	namespace *corev1.Namespace
	service   *corev1.Service
	leader    *corev1.Service
	pods      []*corev1.Pod
}

func newShop() *shop {
	pod := func(name string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", Labels: map[string]string{"app": "web"}},
			Spec:       corev1.PodSpec{NodeName: "node-1"},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	return &shop{
		namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}},
		service: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Annotations: map[string]string{config.EnabledKey: "true"}},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}},
		},
		leader: &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web-leader", Namespace: "shop"}},
		pods:   []*corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue), pod("c", corev1.ConditionFalse)},
	}
}

func TestFindService(t *testing.T) {
	found := measuredService{
		Target:    report.Target{Namespace: "shop", Service: "web", LeaderService: "web-leader", Pods: 2},
		podLabels: "app=web",
	}
	renamed, simulated := found, found
	renamed.LeaderService = "web-primary"
	simulated.simulated = true
	tests := map[string]struct {
		change    func(*shop)
		allow     bool
		simulated sets.Set[string]
		want      measuredService
		wantErr   string
	}{
		"an opted-in Service": {want: found},
		"one with a leader Service's name of its own": {
			change: func(s *shop) {
				s.service.Annotations[config.LeaderServiceKey], s.leader.Name = "web-primary", "web-primary"
			},
			want: renamed,
		},
		"pods on a simulated node": {
			simulated: sets.New("node-1"),
			want:      simulated,
		},
		"a namespace that is not labelled": {
			change: func(s *shop) { s.namespace.Labels = nil },
			wantErr: "refusing to touch Service shop/web: its namespace is not labelled tanist.dev/enabled=true " +
				"(--allow-not-enabled overrides this)",
		},
		"a label that says no": {
			change: func(s *shop) { s.namespace.Labels[config.EnabledKey] = "false" },
			wantErr: "refusing to touch Service shop/web: its namespace is not labelled tanist.dev/enabled=true " +
				"(--allow-not-enabled overrides this)",
		},
		"a Service that is not annotated": {
			change:  func(s *shop) { s.service.Annotations = nil },
			wantErr: "refusing to touch Service shop/web: it is not annotated tanist.dev/enabled=true (--allow-not-enabled overrides this)",
		},
		"neither, but told to": {
			change: func(s *shop) { s.namespace.Labels, s.service.Annotations = nil, nil }, allow: true, want: found,
		},
		"no selector, whatever one is told": {
			change: func(s *shop) { s.service.Spec.Selector = nil }, allow: true,
			wantErr: "refusing to touch Service shop/web: it has no selector, so nobody leads it",
		},
		"hand-overs that are paused, whatever one is told": {
			change: func(s *shop) { s.service.Annotations[config.PausedKey] = "true" }, allow: true,
			wantErr: "refusing to touch Service shop/web: its hand-overs are paused (tanist.dev/paused)",
		},
		"a leader that the application elects": {
			change: func(s *shop) { s.service.Annotations[config.FollowLeaseKey] = "web" },
			wantErr: "refusing to touch Service shop/web: its application elects the leader (tanist.dev/follow-lease), " +
				"so the time would not be Tanist's",
		},
		"pods that may not lead": {
			change:  func(s *shop) { s.pods[1].Annotations = map[string]string{config.CandidateKey: "false"} },
			wantErr: "failed to find a leader and a successor: Service shop/web has 1 ready pods that may lead",
		},
		"pods without the condition that the Service asks for": {
			change:  func(s *shop) { s.service.Annotations[config.CandidateConditionKey] = "example.com/CaughtUp" },
			wantErr: "failed to find a leader and a successor: Service shop/web has 0 ready pods that may lead",
		},
		"no leader Service": {
			change:  func(s *shop) { s.leader.Name = "other" },
			wantErr: `failed to get leader Service: services "web-leader" not found`,
		},
		"nobody to follow": {
			change:  func(s *shop) { s.pods = s.pods[1:] },
			wantErr: "failed to find a leader and a successor: Service shop/web has 1 ready pods that may lead",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			shop := newShop()
			if test.change != nil {
				test.change(shop)
			}
			objects := []runtime.Object{shop.namespace, shop.service, shop.leader}
			for _, pod := range shop.pods {
				objects = append(objects, pod)
			}
			options := Options{Service: "web", Namespace: "shop", Image: "image", AllowNotEnabled: test.allow}
			got, err := findService(t.Context(), fake.NewClientset(objects...), options, testbed.Cluster{Simulated: test.simulated})
			if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(measuredService{})); diff != "" {
				t.Errorf("measured Service (-want +got):\n%s", diff)
			}
		})
	}
}
