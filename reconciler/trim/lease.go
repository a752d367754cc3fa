package trim

import (
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// longestIdentity is the longest identity of a Lease's holder that is kept, in bytes: more than the name of a pod and a UUID.
const longestIdentity = 512

// trimLease keeps who holds the Lease, and until when.
func trimLease(lease *coordinationv1.Lease) *coordinationv1.Lease {
	kept := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: lease.Namespace, Name: lease.Name, UID: lease.UID, ResourceVersion: lease.ResourceVersion},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: lease.Spec.HolderIdentity, LeaseDurationSeconds: lease.Spec.LeaseDurationSeconds, RenewTime: lease.Spec.RenewTime,
		},
	}
	if holder := lease.Spec.HolderIdentity; holder != nil && len(*holder) > longestIdentity {
		short := strings.Clone((*holder)[:longestIdentity]) // which keeps no memory of the rest
		kept.Spec.HolderIdentity = &short
	}
	return kept
}
