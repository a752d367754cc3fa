package reconciler

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// ownerGone reports whether a live read shows that the Service that controls an object is gone: there is none of its name, or another
// one has its name. An owner of another kind cannot be read, and counts as there.
func (s *stewardship) ownerGone(ctx context.Context, object metav1.Object) (bool, error) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || !isService(owner) || s.views.controllerThere(object) {
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

// controllerThere reports whether the informers know the object's controlling Service, or it is of another kind.
func (v *views) controllerThere(object metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil {
		return false
	}
	if !isService(owner) {
		return true
	}
	known := v.service(types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name})
	return known != nil && known.UID == owner.UID
}

// forsaken reports whether a Service is a leader Service that nobody controls any longer, as far as the informers know.
func (v *views) forsaken(service *corev1.Service) bool {
	return adoptableLeaderService(service, service, !v.controllerThere(service))
}

// rival is another Service that a leader Service's name belongs to rather: the one that controls it, or the one that its label names
// and that asks for it. It is nil when there is none.
func (v *views) rival(leaderService, source *corev1.Service) *corev1.Service {
	if owner := metav1.GetControllerOfNoCopy(leaderService); owner != nil && isService(owner) && v.controllerThere(leaderService) {
		if owner.UID == source.UID {
			return nil
		}
		return v.service(types.NamespacedName{Namespace: source.Namespace, Name: owner.Name})
	}
	for _, other := range v.wanting(keyOf(leaderService)) {
		if other.UID != source.UID && other.Name == leaderService.Labels[config.SourceServiceKey] && wantsLeader(other) {
			return other
		}
	}
	return nil
}
