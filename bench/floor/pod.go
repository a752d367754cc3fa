package floor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// PodName is the name of the loop's pod, of its service account and of the role bound to that.
const PodName = "floor-loop"

// Bounds of reading the pod's output.
const (
	logTimeout    = 15 * time.Second
	logLimitBytes = 1000
)

// Args returns the command and the flags of the loop's pod.
func Args(namespace string, services []string) []string {
	return []string{"bench-floor", "--namespace=" + namespace, "--services=" + strings.Join(services, ",")}
}

// Grant creates the service account of the loop's pod, with the rights that the loop needs in its namespace alone.
func Grant(ctx context.Context, client kubernetes.Interface, namespace string, labels map[string]string) error {
	meta := metav1.ObjectMeta{Name: PodName, Labels: labels}
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
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: PodName},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: PodName}},
	}
	if _, err := client.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create role binding of the floor: %w", err)
	}
	return nil
}

// Pod is the loop in a pod of the cluster, which is deleted with its namespace.
type Pod struct {
	ctx       context.Context
	client    kubernetes.Interface
	namespace string
}

// InPod returns the loop in the pod of a namespace. ctx is the run's; its end does not keep the pod's errors from being read.
func InPod(ctx context.Context, client kubernetes.Interface, namespace string) *Pod {
	return &Pod{ctx: ctx, client: client, namespace: namespace}
}

// Err returns what the pod has printed, nil if nothing: it prints errors alone.
func (p *Pod) Err() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), logTimeout)
	defer cancel()
	opts := &corev1.PodLogOptions{LimitBytes: new(int64(logLimitBytes))}
	output, err := p.client.CoreV1().Pods(p.namespace).GetLogs(PodName, opts).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("failed to read the output of the floor's pod: %w", err)
	}
	if text := strings.TrimSpace(string(bytes.ToValidUTF8(output, nil))); text != "" {
		return errors.New(text)
	}
	return nil
}
