package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// floorPodName is the name of the pod of the floor's loop, and of what gives it its rights.
const floorPodName = "floor-loop"

// tanistPods selects the pods of an installed Tanist.
const tanistPods = "app.kubernetes.io/name=tanist"

// floorLoop is the bare loop, wherever it runs.
type floorLoop interface {
	// wait returns when no patch is under way any more. The run's context must have ended.
	wait()
	// err is what went wrong in the loop, nil if nothing did.
	err() error
}

// floorFrom is where the loop will run; empty without a floor.
func floorFrom(opts Options, place placement) (string, error) {
	switch {
	case !opts.Floor:
		return "", nil
	case opts.FloorFrom == FloorFromAuto && place.simulated:
		return FloorFromHost, nil
	case opts.FloorFrom == FloorFromAuto:
		return FloorFromPod, nil
	case opts.FloorFrom == FloorFromPod && place.simulated:
		return "", fmt.Errorf("--floor-from %s needs nodes that run pods: use %s", FloorFromPod, FloorFromHost)
	default:
		return opts.FloorFrom, nil
	}
}

// startLoop starts the floor's loop for some of its Services: in a pod, as Tanist itself runs, or in this process.
func (s *setup) startLoop(ctx context.Context, namespace string, services ...string) (floorLoop, error) {
	if s.opts.FloorFrom == FloorFromHost {
		return startFloor(ctx, s.clients.Floor, namespace, services...)
	}
	resources, err := s.resourcesOfTanist(ctx)
	if err != nil {
		return nil, err
	}
	if err := grantFloor(ctx, s.clients.Act, namespace); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, s.opts.ReadyTimeout)
	defer cancel()
	pod := floorPod(s.opts.Image, s.place, namespace, services, resources)
	if err := createTrafficPod(wait, s.clients.Act, namespace, pod); err != nil {
		return nil, err
	}
	return &floorInPod{ctx: ctx, client: s.clients.Observe, namespace: namespace}, nil
}

// resourcesOfTanist are what Tanist's own container asks for: the loop gets as much, or the two could not be compared.
func (s *setup) resourcesOfTanist(ctx context.Context) (corev1.ResourceRequirements, error) {
	pods, err := s.clients.Act.CoreV1().Pods("").List(ctx, metav1.ListOptions{LabelSelector: tanistPods, Limit: 1})
	if err != nil {
		return corev1.ResourceRequirements{}, fmt.Errorf(
			"failed to find what resources Tanist has, which the floor's pod must have too (use --floor-from %s without the right): %w",
			FloorFromHost, err)
	}
	if len(pods.Items) == 0 {
		s.say("Found no pod of Tanist's (%s): the floor's pod has no CPU request", tanistPods)
		return corev1.ResourceRequirements{}, nil
	}
	return pods.Items[0].Spec.Containers[0].Resources, nil
}

// grantFloor gives the loop's pod the rights that it needs, in its namespace alone; they go with it.
func grantFloor(ctx context.Context, client kubernetes.Interface, namespace string) error {
	meta := metav1.ObjectMeta{Name: floorPodName, Labels: map[string]string{managedByLabel: managedBy}}
	if _, err := client.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create service account of the floor: %w", err)
	}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"patch"}},
	}}
	if _, err := client.RbacV1().Roles(namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create role of the floor: %w", err)
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: floorPodName},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: floorPodName}},
	}
	if _, err := client.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create role binding of the floor: %w", err)
	}
	return nil
}

// floorPod runs the loop, with the resources of Tanist's own.
func floorPod(image string, place placement, namespace string, services []string, resources corev1.ResourceRequirements) *corev1.Pod {
	args := []string{"bench-floor", "--namespace=" + namespace, "--services=" + strings.Join(services, ",")}
	spec := restrictedPod(image, args, place)
	spec.AutomountServiceAccountToken = new(true)
	spec.ServiceAccountName = floorPodName
	spec.TerminationGracePeriodSeconds = new(int64(1))
	spec.Containers[0].Resources = resources
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: floorPodName, Labels: map[string]string{managedByLabel: managedBy}},
		Spec:       spec,
	}
}

// floorInPod is the loop in its pod, which ends with its namespace.
type floorInPod struct {
	ctx       context.Context
	client    kubernetes.Interface
	namespace string
}

func (f *floorInPod) wait() {}

// err is what the pod printed: it says nothing while all is well.
func (f *floorInPod) err() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.ctx), createTime)
	defer cancel()
	output, err := f.client.CoreV1().Pods(f.namespace).GetLogs(floorPodName, &corev1.PodLogOptions{LimitBytes: new(int64(1000))}).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("failed to read the output of the floor's pod: %w", err)
	}
	if text := strings.TrimSpace(string(bytes.ToValidUTF8(output, nil))); text != "" {
		return errors.New(text)
	}
	return nil
}

// RunFloor is the loop as its pod runs it: for Services of the floor in a namespace, until ctx ends. What goes wrong is written
// out, a line each.
func RunFloor(ctx context.Context, config *rest.Config, version, namespace string, services []string, out io.Writer) error {
	clients, err := NewClients(config, version)
	if err != nil {
		return err
	}
	f, err := startFloor(ctx, clients.Floor, namespace, services...)
	if err != nil {
		return err
	}
	f.report(out)
	<-ctx.Done()
	f.wait()
	return nil
}
