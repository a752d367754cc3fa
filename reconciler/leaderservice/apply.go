package leaderservice

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// apply makes the writes of a plan, and removes from it the repairs that failed. A write that fails does not prevent the writes that do not depend on
// it.
func (c *Controller) apply(ctx context.Context, p *plan) error {
	created, patched, conditioned := c.create(ctx, p.create), c.patch(ctx, p.patch), c.setCondition(ctx, p.condition)
	removed := c.remove(ctx, p)
	if patched != nil {
		p.patch = nil
	}
	if conditioned != nil {
		p.condition = nil
	}
	return errors.Join(created, patched, conditioned, removed)
}

func (c *Controller) create(ctx context.Context, service *corev1.Service) error {
	if service == nil {
		return nil
	}
	if err := c.write(ctx, opCreateService, func(ctx context.Context) error {
		return c.client.Create(ctx, service, leaderslice.FieldOwner)
	}); err != nil {
		return fmt.Errorf("failed to create Service %s: %w", service.Name, err)
	}
	return nil
}

// patch changes a Service. It does not update the whole object, because the informer keeps only a part of it.
func (c *Controller) patch(ctx context.Context, change *serviceChange) error {
	if change == nil {
		return nil
	}
	patch := client.MergeFromWithOptions(change.current, client.MergeFromWithOptimisticLock{})
	if err := c.write(ctx, opPatchService, func(ctx context.Context) error {
		return c.client.Patch(ctx, change.desired.DeepCopy(), patch, leaderslice.FieldOwner)
	}); err != nil {
		return fmt.Errorf("failed to patch Service %s: %w", change.desired.Name, err)
	}
	return nil
}

// conditionOwner is Tanist's name in the managed fields of the condition.
const conditionOwner = leaderslice.FieldOwner + "-status"

// setCondition applies our conditions, and leaves all others and the rest of the status to whoever writes them. The UID makes sure that it is
// the Service that was decided upon.
func (c *Controller) setCondition(ctx context.Context, change *conditionChange) error {
	if change == nil {
		return nil
	}
	status := corev1ac.ServiceStatus().WithConditions(conditionToApply(&change.condition))
	if change.paused != nil {
		status.WithConditions(conditionToApply(change.paused))
	}
	applied := corev1ac.Service(change.service.Name, change.service.Namespace).WithUID(change.service.UID).WithStatus(status)
	if err := c.write(ctx, opApplyStatus, func(ctx context.Context) error {
		return c.status.Apply(ctx, applied, conditionOwner, client.ForceOwnership)
	}); err != nil {
		return fmt.Errorf("failed to set condition %s of Service %s: %w", change.condition.Type, change.service.Name, err)
	}
	return nil
}

func conditionToApply(condition *metav1.Condition) *metav1ac.ConditionApplyConfiguration {
	return metav1ac.Condition().WithType(condition.Type).WithStatus(condition.Status).WithReason(condition.Reason).
		WithMessage(condition.Message).WithLastTransitionTime(condition.LastTransitionTime)
}

// remove makes the deletions of a plan in their order, and stops at the first that fails.
func (c *Controller) remove(ctx context.Context, plan *plan) error {
	if endpoints := plan.deleteEndpoints; endpoints != nil {
		if err := c.delete(ctx, opDeleteEndpoints, endpoints); err != nil {
			plan.deleteEndpoints = nil
			return fmt.Errorf("failed to delete Endpoints %s: %w", endpoints.Name, err)
		}
	}
	for _, service := range plan.deleteServices {
		if err := c.delete(ctx, opDeleteService, service); err != nil {
			return fmt.Errorf("failed to delete Service %s: %w", service.Name, err)
		}
	}
	for _, slice := range plan.deleteSlices {
		if err := c.delete(ctx, opDeleteSlice, slice); err != nil {
			return fmt.Errorf("failed to delete EndpointSlice %s: %w", slice.Name, err)
		}
	}
	return nil
}

// delete deletes an object only in the version that was found to be ours.
func (c *Controller) delete(ctx context.Context, op string, object client.Object) error {
	uid, version := object.GetUID(), object.GetResourceVersion()
	return c.write(ctx, op, func(ctx context.Context) error {
		return client.IgnoreNotFound(c.client.Delete(ctx, object,
			client.Preconditions{UID: &uid, ResourceVersion: &version},
			client.PropagationPolicy(metav1.DeletePropagationBackground)))
	})
}

// write writes to the API server, and tries again according to the standard policy.
func (c *Controller) write(ctx context.Context, op string, call func(context.Context) error) error {
	return retry.Write(ctx, store.WritePolicy(c.tuning.Load()), op, call)
}
