//go:build bench

package bench

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/config"
)

const (
	// wrongAnnotations is how many wrong annotations a Service has: about as many as the API server accepts.
	wrongAnnotations = 4000
	// largePods is how many pods have a megabyte of labels.
	largePods = 200
	// largePause is between two changes of a large pod: what the API server and etcd keep of them must fit.
	largePause = 250 * time.Millisecond
	// flappingServices is how many Services are over the same two pods.
	flappingServices = 200
	// flapPause is between two changes of readiness.
	flapPause = 100 * time.Millisecond
)

// service is a Service of the attacker that asks for a leader among the pods with a label.
func (a *attacker) service(name, app string, annotations map[string]string) *corev1.Service {
	all := map[string]string{config.EnabledKey: "true"}
	maps.Copy(all, annotations)
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: all},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{serviceLabel: app}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
}

// create creates a Service.
func (a *attacker) create(ctx context.Context, service *corev1.Service, options metav1.CreateOptions) error {
	_, err := a.client.CoreV1().Services(a.Namespace).Create(ctx, service, options)
	return err
}

// twoPods creates pods that become ready.
func (a *attacker) twoPods(ctx context.Context) error {
	for _, name := range []string{"a", "b"} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{serviceLabel: "shared"}},
			Spec: corev1.PodSpec{
				NodeName: a.Node, AutomountServiceAccountToken: new(false), TerminationGracePeriodSeconds: new(graceSeconds),
				Containers: []corev1.Container{{Name: "web", Image: "none"}},
			},
		}
		if _, err := a.client.CoreV1().Pods(a.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// awaitLeaders waits until all of the attacker's Services have a leader.
func (a *attacker) awaitLeaders(ctx context.Context, services int) error {
	options := metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy}
	return wait.PollUntilContextTimeout(ctx, time.Second/2, stallTimeout, true, func(ctx context.Context) (bool, error) {
		list, err := a.client.DiscoveryV1().EndpointSlices(a.Namespace).List(ctx, options)
		if err != nil {
			return false, err
		}
		with := 0
		for i := range list.Items {
			if led(&list.Items[i]) {
				with++
			}
		}
		return with == services, nil
	})
}

func (a *attacker) patchService(ctx context.Context, name, patch string) error {
	_, err := a.client.CoreV1().Services(a.Namespace).Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

func prepareMoves(ctx context.Context, a *attacker) error {
	if err := a.twoPods(ctx); err != nil {
		return err
	}
	if err := a.create(ctx, a.service("web", "shared", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	return a.awaitLeaders(ctx, 1)
}

// moveLeaders asks for a huge term of the leader Service and prefers one pod and the other in turn.
func moveLeaders(ctx context.Context, a *attacker) {
	a.repeat(ctx, 8, func(ctx context.Context, i int) error {
		if i%3 == 0 {
			return a.patchService(ctx, "web"+config.LeaderServiceSuffix, annotation(config.TermKey, "9223372036854775807"))
		}
		return a.patchService(ctx, "web", annotation(config.PreferredLeaderKey, string("ab"[i%2])))
	})
}

func annotation(key, value string) (patch string) {
	return fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value)
}

// prepareWrong creates the Service before its namespace opts in. Later it would be refused.
func prepareWrong(ctx context.Context, a *attacker) error {
	wrong := map[string]string{}
	for i := range wrongAnnotations {
		wrong[fmt.Sprintf("%s/wrong-%04d", config.Domain, i)] = "x"
	}
	return a.create(ctx, a.service("wrong", "none", wrong), metav1.CreateOptions{})
}

// patchLabels changes a label of that Service.
func patchLabels(ctx context.Context, a *attacker) {
	a.repeat(ctx, 2, func(ctx context.Context, i int) error {
		return a.patchService(ctx, "wrong", fmt.Sprintf(`{"metadata":{"labels":{"turn":"%d"}}}`, i))
	})
}

// megabyte is about a megabyte of labels.
func megabyte() map[string]string {
	labels, value := map[string]string{}, strings.Repeat("x", 60)
	for i := range 15_000 {
		labels[fmt.Sprintf("l%05d", i)] = value
	}
	return labels
}

// createLargePods creates pods that nobody schedules, and changes them when all are there.
func createLargePods(ctx context.Context, a *attacker) {
	labels := megabyte()
	creates, createCtx := errgroup.WithContext(ctx)
	creates.SetLimit(8)
	for i := range largePods {
		creates.Go(func() error {
			if err := a.pace.Wait(createCtx); err != nil {
				return err // the attack has ended
			}
			_, err := a.client.CoreV1().Pods(a.Namespace).Create(createCtx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("large-%d", i), Labels: labels},
				Spec: corev1.PodSpec{
					SchedulerName: "nobody", AutomountServiceAccountToken: new(false),
					Containers: []corev1.Container{{Name: "web", Image: "none"}},
				},
			}, metav1.CreateOptions{})
			a.count(ctx, err)
			return nil
		})
	}
	_ = creates.Wait() // each refused request is counted, and the end of the attack is no error
	a.repeat(ctx, 1, func(ctx context.Context, i int) error {
		if err := pause(ctx, largePause); err != nil {
			return err
		}
		_, err := a.client.CoreV1().Pods(a.Namespace).Patch(ctx, fmt.Sprintf("large-%d", i%largePods), types.MergePatchType,
			[]byte(`{"metadata":{"labels":{"turn":"`+strconv.Itoa(i)+`"}}}`), metav1.PatchOptions{})
		return err
	})
}

// tryLargeServices makes dry runs of Services with a megabyte of labels: the API server sends each to the webhooks.
func tryLargeServices(ctx context.Context, a *attacker) {
	service := a.service("large", "none", nil)
	service.Labels = megabyte()
	a.repeat(ctx, writers, func(ctx context.Context, _ int) error {
		return a.create(ctx, service, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	})
}

func prepareFlapping(ctx context.Context, a *attacker) error {
	if err := a.twoPods(ctx); err != nil {
		return err
	}
	err := parallel(ctx, flappingServices, func(ctx context.Context, i int) error {
		return a.create(ctx, a.service(fmt.Sprintf("web-%03d", i), "shared", nil), metav1.CreateOptions{})
	})
	if err != nil {
		return err
	}
	return a.awaitLeaders(ctx, flappingServices)
}

// flap makes one of the two pods not ready, and then the other one, so that all leaders move.
func flap(ctx context.Context, a *attacker) {
	a.repeat(ctx, 1, func(ctx context.Context, i int) error {
		if err := pause(ctx, flapPause); err != nil {
			return err
		}
		for n, pod := range []string{"a", "b"} {
			status := map[bool]corev1.ConditionStatus{true: corev1.ConditionTrue, false: corev1.ConditionFalse}[n == i%2]
			patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q}]}}`, status)
			if _, err := a.client.CoreV1().Pods(a.Namespace).Patch(ctx, pod, types.StrategicMergePatchType, []byte(patch),
				metav1.PatchOptions{}, "status"); err != nil {
				return err
			}
		}
		return nil
	})
}
