package get

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// leaseName is the Lease that a running Tanist renews.
const leaseName = "tanist"

// longestSilence is how long the Lease may go without being renewed: longer than a replica's death takes to be noticed, and than
// the clocks of this machine and of a node usually differ.
const longestSilence = time.Minute

// tanist says so when Tanist does not run. A Lease that may not be read says nothing.
func (r *reader) tanist(ctx context.Context) []status.Warning {
	lease, err := r.client.CoordinationV1().Leases(r.tanistNamespace).Get(ctx, leaseName, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		lease = nil
	}
	if silence := silent(lease, r.tanistNamespace, time.Now()); silence != "" {
		return []status.Warning{{Phrase: status.TanistNotRunning, Detail: silence}}
	}
	return nil
}

// silent is how a Lease shows that nobody renews it; empty when somebody does.
func silent(lease *coordinationv1.Lease, namespace string, now time.Time) string {
	switch {
	case lease == nil:
		return fmt.Sprintf("there is no Lease %s in namespace %s (--tanist-namespace says where to look)", leaseName, namespace)
	case lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "":
		return fmt.Sprintf("nobody holds its Lease in namespace %s", namespace)
	case lease.Spec.RenewTime == nil:
		return fmt.Sprintf("its Lease in namespace %s was never renewed", namespace)
	case now.Sub(lease.Spec.RenewTime.Time) > longestSilence:
		return fmt.Sprintf("its Lease in namespace %s was last renewed %s ago", namespace, duration.HumanDuration(now.Sub(lease.Spec.RenewTime.Time)))
	}
	return ""
}
