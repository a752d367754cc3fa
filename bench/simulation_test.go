package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

const (
	// apiDelay is how long a simulated deletion needs to be seen; electionDelay is what the simulated Tanist adds.
	apiDelay      = 5 * time.Millisecond
	electionDelay = 10 * time.Millisecond
	// replaceDelay and drainDelay are how long a lost pod needs to be replaced, and a deleted one to be gone.
	replaceDelay = 300 * time.Millisecond
	drainDelay   = time.Second
)

// simulation is a cluster in memory, in the time of a synctest bubble: it keeps the pods of Deployments and has a Tanist that
// leads annotated Services.
type simulation struct {
	*fake.Clientset
	ctx context.Context
	// broken is a Tanist that elects a first leader and then nobody else; absent is none at all.
	broken, absent bool

	mu      sync.Mutex
	counter int
}

func newSimulation(t *testing.T, objects ...runtime.Object) *simulation {
	t.Helper()
	s := &simulation{Clientset: fake.NewClientset(objects...), ctx: t.Context()}
	s.PrependReactor("create", "namespaces", s.createNamespace)
	s.PrependReactor("create", "deployments", s.createPods)
	s.PrependReactor("create", "services", s.createLeaderService)
	s.PrependReactor("delete", "pods", s.deletePod)
	s.PrependReactor("delete-collection", "pods", s.deletePods)
	return s
}

func (s *simulation) clients() Clients {
	return Clients{Observe: s, Act: s, Floor: s}
}

func (s *simulation) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counter++
	return s.counter
}

// after does something later, unless the test has ended by then.
func (s *simulation) after(delay time.Duration, do func()) {
	go func() {
		select {
		case <-time.After(delay):
			do()
		case <-s.ctx.Done():
		}
	}()
}

func (s *simulation) createNamespace(action k8stesting.Action) (bool, runtime.Object, error) {
	namespace := action.(k8stesting.CreateAction).GetObject().(*corev1.Namespace).DeepCopy()
	namespace.UID = types.UID("uid-" + namespace.Name)
	return true, namespace, s.Tracker().Create(action.GetResource(), namespace, "")
}

func (s *simulation) createPods(action k8stesting.Action) (bool, runtime.Object, error) {
	deployment := action.(k8stesting.CreateAction).GetObject().(*appsv1.Deployment)
	for range *deployment.Spec.Replicas {
		s.createPod(action.GetNamespace(), deployment.Spec.Template)
	}
	return false, nil, nil
}

func (s *simulation) createPod(namespace string, template corev1.PodTemplateSpec) {
	number := s.number()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: fmt.Sprintf("pod-%03d", number), UID: types.UID(fmt.Sprintf("uid-%03d", number)), Labels: template.Labels,
		},
		Spec: template.Spec,
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: fmt.Sprintf("10.0.%d.%d", number/250, number%250),
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	_ = s.Tracker().Create(podsResource, pod, namespace)
}

var podsResource = corev1.SchemeGroupVersion.WithResource("pods")

func (s *simulation) deletePod(action k8stesting.Action) (bool, runtime.Object, error) {
	options := action.(k8stesting.DeleteActionImpl).DeleteOptions
	return true, nil, s.endPod(action.GetNamespace(), action.(k8stesting.DeleteAction).GetName(), options)
}

func (s *simulation) endPod(namespace, name string, options metav1.DeleteOptions) error {
	found, err := s.Tracker().Get(podsResource, namespace, name)
	if err != nil {
		return err
	}
	pod := found.(*corev1.Pod).DeepCopy()
	s.after(apiDelay, func() {
		if options.GracePeriodSeconds == nil {
			pod.DeletionTimestamp = new(metav1.Now())
			_ = s.Tracker().Update(podsResource, pod, namespace)
			s.after(drainDelay, func() { _ = s.Tracker().Delete(podsResource, namespace, name) })
		} else {
			_ = s.Tracker().Delete(podsResource, namespace, name)
		}
	})
	s.after(replaceDelay, func() {
		labels := map[string]string{testbed.ManagedByLabel: testbed.ManagedBy, floor.WorkloadLabel: pod.Labels[floor.WorkloadLabel]}
		s.createPod(namespace, corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod.Spec})
	})
	return nil
}

func (s *simulation) deletePods(action k8stesting.Action) (bool, runtime.Object, error) {
	restrictions := action.(k8stesting.DeleteCollectionAction).GetListRestrictions()
	pods, err := s.Tracker().List(podsResource, corev1.SchemeGroupVersion.WithKind("Pod"), action.GetNamespace())
	if err != nil {
		return true, nil, err
	}
	for _, pod := range pods.(*corev1.PodList).Items {
		if restrictions.Labels.Matches(labelSet(pod.Labels)) {
			if err := s.endPod(pod.Namespace, pod.Name, metav1.DeleteOptions{}); err != nil {
				return true, nil, err
			}
		}
	}
	return true, nil, nil
}

type labelSet map[string]string

func (l labelSet) Has(label string) bool              { _, ok := l[label]; return ok }
func (l labelSet) Get(label string) string            { return l[label] }
func (l labelSet) Lookup(label string) (string, bool) { value, ok := l[label]; return value, ok }

// createLeaderService is the simulated Tanist: a leader Service for each annotated one, and somebody who leads it.
func (s *simulation) createLeaderService(action k8stesting.Action) (bool, runtime.Object, error) {
	service := action.(k8stesting.CreateAction).GetObject().(*corev1.Service)
	if service.Annotations[config.EnabledKey] != "true" || s.absent {
		return false, nil, nil
	}
	name, namespace := optionsOf(service).LeaderService, action.GetNamespace()
	leader := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{
		discoveryv1.LabelServiceName: name, discoveryv1.LabelManagedBy: config.SliceManagedBy,
	}}}
	if err := s.Tracker().Create(action.GetResource(), leader, namespace); err != nil {
		return true, nil, err
	}
	if err := s.Tracker().Create(slicesResource, slice, namespace); err != nil {
		return true, nil, err
	}
	tanist := &simulatedTanist{simulation: s, service: service.Name, slice: slice, candidates: map[types.UID]string{}}
	s.after(0, func() { _, _ = watch.Follow(s.ctx, s.CoreV1().Pods(namespace), metav1.ListOptions{}, tanist) })
	return false, nil, nil
}

var slicesResource = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")

// simulatedTanist leads one Service.
type simulatedTanist struct {
	*simulation
	service string
	slice   *discoveryv1.EndpointSlice
	// candidates are the names of the pods that can lead, the leader among them.
	candidates map[types.UID]string
	leader     types.UID
	term       int
}

func (s *simulatedTanist) Replace(at time.Time, objects []runtime.Object) {
	for _, object := range objects {
		s.Event(at, apiwatch.Added, object)
	}
}

func (s *simulatedTanist) Event(_ time.Time, eventType apiwatch.EventType, object runtime.Object) {
	pod := object.(*corev1.Pod)
	if pod.Labels[floor.WorkloadLabel] != s.service {
		return
	}
	if eventType == apiwatch.Deleted || !watch.CanLead(pod) {
		delete(s.candidates, pod.UID)
	} else {
		s.candidates[pod.UID] = pod.Name
	}
	if s.candidates[s.leader] != "" || len(s.candidates) == 0 || s.broken && s.term > 0 {
		return
	}
	pods := slices.Collect(maps.Keys(s.candidates))
	s.leader = slices.MinFunc(pods, func(a, b types.UID) int { return strings.Compare(s.candidates[a], s.candidates[b]) })
	s.term++
	slice := s.slice.DeepCopy()
	slice.Annotations = map[string]string{config.TermKey: fmt.Sprint(s.term), config.ReasonKey: "Simulated"}
	slice.Endpoints = []discoveryv1.Endpoint{{TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: s.candidates[s.leader], UID: s.leader}}}
	s.after(electionDelay, func() { _ = s.Tracker().Update(slicesResource, slice, slice.Namespace) })
}

func (s *simulatedTanist) Failed(error) {}
