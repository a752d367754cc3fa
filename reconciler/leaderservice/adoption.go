package leaderservice

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
)

// ownerGone reports whether a live read shows that the Service that controls an object is gone: there is none of its name, or another
// one has its name. An owner of another kind cannot be read, and counts as there.
func (s *Controller) ownerGone(ctx context.Context, object metav1.Object) (bool, error) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || !leaderslice.IsService(owner) || s.stores.ControllerThere(object) {
		return false, nil
	}
	found := &corev1.Service{}
	err := s.do(ctx, opReadLive, func(ctx context.Context) error {
		return s.live.Get(ctx, types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name}, found)
	})
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("failed to read Service %s: %w", owner.Name, err)
	default:
		return found.UID != owner.UID, nil
	}
}
