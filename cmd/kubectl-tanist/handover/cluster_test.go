package handover

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

const system = "tanist-system"

// placed is a pod of a Service, and its node.
type placed struct{ pod, node string }

// cluster is an API server with a Tanist that moves a leader as soon as somebody watches for it.
type cluster struct {
	*fake.Clientset
	mu sync.Mutex
	// preferred are the pods that were preferred, by Service, and dryRuns the Services of which a dry run was made.
	preferred map[string]string
	dryRuns   []string
	// refuses makes the API server refuse the annotation of a Service, loses is how many answers to patches are lost.
	refuses string
	loses   int
	// refusesBack makes admission refuse what the annotation was before.
	refusesBack bool
}

// newCluster returns a cluster with two nodes and a Lease that a replica renews.
func newCluster(t *testing.T, objects ...[]runtime.Object) *cluster {
	t.Helper()
	all := []runtime.Object{
		gen.NodeNamed("one", gen.Cordoned), gen.NodeNamed("two"),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "depot", Labels: map[string]string{config.EnabledKey: "true"}}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: config.TuningConfigMap}},
		&coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: config.LeaseName},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("tanist-1_x"), RenewTime: &metav1.MicroTime{Time: time.Now()}},
		},
	}
	for _, some := range objects {
		all = append(all, some...)
	}
	c := &cluster{Clientset: fake.NewClientset(all...), preferred: map[string]string{}}
	c.PrependReactor("list", "endpointslices", c.list)
	c.PrependReactor("patch", "services", c.patch)
	c.PrependWatchReactor("endpointslices", c.watch)
	return c
}

var endpointSlices = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")

// list gives the list a version, from which a watch can continue.
func (c *cluster) list(action clienttesting.Action) (bool, runtime.Object, error) {
	object, err := c.Tracker().List(endpointSlices, discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"), action.GetNamespace())
	if err != nil {
		return true, nil, err
	}
	list := object.(*discoveryv1.EndpointSliceList).DeepCopy()
	list.ResourceVersion = "1"
	return true, list, nil
}

// patch remembers who is preferred. A dry run changes nothing.
func (c *cluster) patch(action clienttesting.Action) (bool, runtime.Object, error) {
	patch := action.(clienttesting.PatchActionImpl)
	c.mu.Lock()
	defer c.mu.Unlock()
	if patch.Name == c.refuses {
		return true, nil, apierrors.NewForbidden(corev1.Resource("services"), patch.Name, errors.New("no"))
	}
	if slices.Contains(patch.PatchOptions.DryRun, metav1.DryRunAll) {
		c.dryRuns = append(c.dryRuns, patch.Name)
		return true, &corev1.Service{}, nil
	}
	if c.refusesBack && strings.Contains(string(patch.Patch), `"op":"replace"`) {
		return true, nil, apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), patch.Name, nil)
	}
	if _, value, found := strings.Cut(string(patch.Patch), `"op":"add"`); found {
		_, value, _ = strings.Cut(value, `"value":"`)
		pod, _, _ := strings.Cut(value, `"`)
		c.preferred[patch.Name] = pod
	}
	if c.loses > 0 {
		c.loses--
		if _, _, err := clienttesting.ObjectReaction(c.Tracker())(action); err != nil {
			return true, nil, err
		}
		return true, nil, context.DeadlineExceeded
	}
	return false, nil, nil
}

// watch shows that the preferred pod leads.
func (c *cluster) watch(action clienttesting.Action) (bool, watch.Interface, error) {
	leaderService, _ := action.(clienttesting.WatchActionImpl).GetWatchRestrictions().Labels.RequiresExactMatch(discoveryv1.LabelServiceName)
	c.mu.Lock()
	pod := c.preferred[strings.TrimSuffix(leaderService, "-leader")]
	c.mu.Unlock()
	if pod == "" {
		return true, watch.NewRaceFreeFake(), nil
	}
	object, err := c.Tracker().Get(endpointSlices, action.GetNamespace(), leaderService+"-ipv4")
	if err != nil {
		return true, nil, err
	}
	slice := object.(*discoveryv1.EndpointSlice).DeepCopy()
	named(slice, placed{pod, "two"})
	slice.Annotations[config.TermKey], slice.ResourceVersion = "6", "2"
	if err := c.Tracker().Update(endpointSlices, slice, action.GetNamespace()); err != nil {
		return true, nil, err
	}
	events := watch.NewRaceFreeFake()
	events.Modify(slice)
	return true, events, nil
}

func named(slice *discoveryv1.EndpointSlice, p placed) {
	slice.Annotations[config.LeaderKey] = p.pod
	slice.Endpoints[0].NodeName = &p.node
	slice.Endpoints[0].TargetRef.Name, slice.Endpoints[0].TargetRef.UID = p.pod, types.UID(p.pod+"-uid")
}

// led returns a Service with its leader Service, slice and pods. The first pod leads, and the second one is the successor.
func led(namespace, name string, pods ...placed) []runtime.Object {
	source := gen.WebService(func(s *corev1.Service) {
		s.Namespace, s.Name, s.UID, s.Spec.Selector = namespace, name, types.UID(namespace+name), map[string]string{"app": name}
	})
	leaderService := gen.LeaderOf(source, func(s *corev1.Service) {
		s.UID = types.UID(namespace + name + "-leader")
		s.Annotations = map[string]string{config.TermKey: "5", config.LeaderKey: pods[0].pod}
		if len(pods) > 1 {
			s.Annotations[config.SuccessorKey] = pods[1].pod
		}
	})
	slice := gen.SliceOf(leaderService, discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) { named(s, pods[0]); s.ResourceVersion = "1" })
	objects := []runtime.Object{source, leaderService, slice}
	for _, p := range pods {
		objects = append(objects, gen.ReadyPod(p.pod, gen.OnNode(p.node), func(pod *corev1.Pod) { pod.Namespace, pod.Labels = namespace, map[string]string{"app": name} }))
	}
	return objects
}

// handsOver runs the command, and returns what it printed and its error.
func (c *cluster) handsOver(t *testing.T, o options) (out, stderr, failure string) {
	t.Helper()
	if o.timeout == 0 {
		o.timeout = time.Minute
	}
	o.tanistNamespace, o.parallel = system, 2
	var stdout, errors bytes.Buffer
	streams := genericiooptions.IOStreams{Out: &stdout, ErrOut: &errors}
	run := o.runSingle
	if o.node != "" {
		run = o.runNode
	}
	err := run(t.Context(), c, streams)
	return stdout.String(), errors.String(), textOf(err)
}

// preference returns the annotation of a Service as it is at the end.
func (c *cluster) preference(t *testing.T, namespace, service string) string {
	t.Helper()
	s, err := c.CoreV1().Services(namespace).Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Annotations[config.PreferredLeaderKey]
}

// publishesLater makes Tanist publish the successor after the leader Services have been listed twice.
func (c *cluster) publishesLater(t *testing.T, leaderService *corev1.Service, term, successor string) {
	lists := 0
	c.PrependReactor("list", "services", func(clienttesting.Action) (bool, runtime.Object, error) {
		if lists++; lists > 2 && leaderService.Annotations[config.TermKey] != term {
			leaderService.Annotations = map[string]string{config.TermKey: term, config.SuccessorKey: successor}
			if err := c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("services"), leaderService, leaderService.Namespace); err != nil {
				t.Error(err)
			}
		}
		return false, nil, nil
	})
}
