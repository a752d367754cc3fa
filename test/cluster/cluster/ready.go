package cluster

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/cluster/controlplane"
	"github.com/tanist-dev/tanist/test/cluster/node"
	"github.com/tanist-dev/tanist/test/cluster/process"
)

// readyTimeout bounds each wait of "up": far more than a loaded machine needs.
const readyTimeout = 2 * time.Minute

// waitReady returns when want nodes are Ready and the default service account exists, without which no pod is admitted.
func waitReady(ctx context.Context, client kubernetes.Interface, want int) error {
	var ready int
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, nil //nolint:nilerr // the API server may still be starting
		}
		ready = 0
		for i := range nodes.Items {
			if isReady(&nodes.Items[i]) {
				ready++
			}
		}
		_, err = client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err == nil && ready >= want, nil
	})
	if err != nil {
		return fmt.Errorf("%d of %d nodes are Ready: %w", ready, want, err)
	}
	return nil
}

func isReady(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// startHostProxy makes the host, and so the API server, reach ClusterIPs, as a control plane's machine does. It borrows the
// first node's name: the host has no Node of its own.
func (c *Cluster) startHostProxy(ctx context.Context, cp controlplane.Config) error {
	kubeconfig := filepath.Join(c.Dir, "kube-proxy.kubeconfig")
	if err := cp.WriteIdentity(kubeconfig, "system:kube-proxy"); err != nil {
		return err
	}
	args := append(node.ProxyArgs(c.ProxyMode, kubeconfig, node.Name(1)),
		"--healthz-bind-address=127.0.0.1:20256", "--metrics-bind-address=127.0.0.1:20249")
	if err := process.Start(process.Spec{
		Owner: process.Owner{Cluster: c.Dir}, Path: filepath.Join(c.Components, "kube-proxy"), Args: args, Log: filepath.Join(c.Dir, "logs", "kube-proxy.log"),
	}); err != nil {
		return err
	}
	// The API server's own Service is the proof that the rules are there.
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	dialer := net.Dialer{Timeout: time.Second}
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(node.ServiceIP, "443"))
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return true, conn.Close()
	})
	if err != nil {
		return fmt.Errorf("the host does not reach ClusterIPs: %w (see %s)", err, filepath.Join(c.Dir, "logs", "kube-proxy.log"))
	}
	return nil
}
