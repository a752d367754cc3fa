// Package leases reads the Leases that Services follow (tanist.dev/follow-lease) for the plugin's commands, with the user's own permissions. It
// reads them one by one, because a cluster has many others. No command watches them, because they are renewed every few seconds.
package leases

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/reconciler/lease"
)

// Every is how often a command that shows changes reads again. A Lease usually lasts 15 s.
const Every = 5 * time.Second

// Read returns the Leases that these Services follow. Those that the user may not read are missing. The error then is the API server's answer, of
// which apierrors.IsForbidden is true, and the others are returned nevertheless.
func Read(ctx context.Context, client kubernetes.Interface, services []*corev1.Service) (status.Leases, error) {
	found := status.Leases{}
	var refused error
	for _, service := range services {
		name, follows := status.Follows(service)
		if _, read := found[name]; !follows || read {
			continue
		}
		view := lease.View{}
		read, err := client.CoordinationV1().Leases(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			view.Lease = read
		case apierrors.IsNotFound(err):
		case apierrors.IsForbidden(err):
			refused = fmt.Errorf("failed to get Lease: %w", err)
			continue
		default:
			return nil, fmt.Errorf("failed to get Lease: %w", err)
		}
		found[name] = status.Followed{View: view, At: time.Now()}
	}
	return found, refused
}
