package gen

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LeaseHeldBy returns a Lease "web" in the namespace "shop" as client-go writes it: renewed at T0, for 15 s. An empty identity is nobody's.
func LeaseHeldBy(identity, resourceVersion string, changes ...func(*coordinationv1.Lease)) *coordinationv1.Lease {
	seconds, renewed := int32(15), metav1.NewMicroTime(T0)
	return Changed(&coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "web-lease-uid", ResourceVersion: resourceVersion},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &identity, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}, changes)
}

// RenewedAt sets when a Lease was last renewed.
func RenewedAt(at time.Time) func(*coordinationv1.Lease) {
	return func(lease *coordinationv1.Lease) { renewed := metav1.NewMicroTime(at); lease.Spec.RenewTime = &renewed }
}
