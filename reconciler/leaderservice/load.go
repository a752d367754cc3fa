package leaderservice

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// load reads the input from the informers' stores. It asks the API server only for what an adoption, a removal of other controllers' slices, or a takeover from another
// installation depends on.
func (c *Controller) load(ctx context.Context, key types.NamespacedName, now time.Time) (input, error) {
	in := input{
		source:  c.stores.Service(key),
		optedIn: c.stores.OptedIn(key.Namespace), terminating: c.stores.Terminating(key.Namespace),
		excluded:    c.stores.Excluded(key.Namespace),
		optOutGrace: c.tuning.Load().Election.OptOutGrace.Duration, installation: c.stores.Installation,
	}
	if in.source == nil || in.terminating {
		return in, nil
	}
	in.existing, in.options, in.invalid = c.stores.LeaderServiceOf(in.source)
	in.leaderServices = c.stores.OwnedLeaderServices(in.source)
	if in.existing != nil && !in.servedByUs(in.existing) {
		in.otherInstallationGone = c.installationGone(ctx, in.existing.Annotations[config.InstallationKey], now)
	}
	if in.optedIn && in.wanted() {
		if err := c.loadNameHolder(ctx, &in); err != nil {
			return in, err
		}
	}
	in.slices = c.stores.SlicesOf(key, in.leaderServices)
	record, _ := c.leaders.Peek(key)
	in.state = in.recordedState(record.State)
	in.successor, in.heldBack = successorOf(record, in.state), record.HeldBack
	return in, c.loadForLeftovers(ctx, &in)
}

// installationGone reports whether the installation in a namespace is gone: the namespace is terminating or does not exist, or there has been no
// Lease, or nobody who holds it, for takeoverDelay. A Lease that cannot be read counts as held, and the delay begins anew. The answer is kept
// for half of installationCheckInterval, so that all Services share a read.
func (c *Controller) installationGone(ctx context.Context, namespace string, now time.Time) bool {
	if c.stores.Terminating(namespace) { // nothing new can run in a namespace that is being deleted, or is gone
		return true
	}
	seen := c.installations.get(namespace)
	if now.Sub(seen.checked) < installationCheckInterval/2 {
		return seen.gone
	}
	lease := &coordinationv1.Lease{}
	err := retry.Do(ctx, store.StandardPolicy(c.tuning.Load()), opReadLive, func(ctx context.Context) error {
		return c.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: config.LeaseName}, lease)
	})
	switch {
	case apierrors.IsNotFound(err):
		seen = seen.withoutLease(now)
	case err != nil:
		logf.FromContext(ctx).V(1).Info("Failed to read another installation's Lease", "namespace", namespace, "error", err.Error())
		seen = observation{checked: now}
	default:
		seen = observation{checked: now, gone: abandoned(lease, now)}
	}
	c.installations.set(namespace, seen)
	return seen.gone
}

// loadNameHolder loads the Service that has the leader Service's name.
func (c *Controller) loadNameHolder(ctx context.Context, in *input) (err error) {
	in.nameHolder = c.stores.Service(types.NamespacedName{Namespace: in.source.Namespace, Name: in.options.LeaderService})
	if in.nameHolder == nil || in.owns(in.nameHolder) {
		return nil
	}
	in.otherOwner = c.stores.OtherOwner(in.nameHolder, in.source)
	in.ownerGone, err = c.ownerGone(ctx, in.nameHolder)
	return err
}

// ownerGone reports whether a live read shows that the Service that controls an object is gone: there is none with its name, or only a
// newer one. An owner of another kind counts as existing, because Tanist cannot read it.
func (c *Controller) ownerGone(ctx context.Context, object metav1.Object) (bool, error) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || !leaderslice.IsService(owner) || c.stores.ControllerExists(object) {
		return false, nil
	}
	found := &corev1.Service{}
	if err := c.read(ctx, types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name}, found); err != nil {
		return false, err
	}
	return found.UID != owner.UID, nil
}

// loadForLeftovers reads live what the removal of leftovers depends on, which are slices of Kubernetes' controllers, when there are any.
func (c *Controller) loadForLeftovers(ctx context.Context, in *input) error {
	leaderService := in.target()
	if leaderService == nil || !in.hasLeftovers(leaderService) {
		return nil
	}
	live, endpoints := &corev1.Service{}, endpointsMetadata()
	if err := c.read(ctx, client.ObjectKeyFromObject(leaderService), live); err != nil {
		return err
	}
	if err := c.read(ctx, client.ObjectKeyFromObject(leaderService), endpoints); err != nil {
		return err
	}
	in.liveWithoutSelector = stillOursWithoutSelector(live, leaderService, in.source)
	if endpoints.UID != "" {
		in.endpoints = endpoints
	}
	return nil
}

// endpointsMetadata returns an empty object, into which the metadata of an Endpoints object can be read.
func endpointsMetadata() *metav1.PartialObjectMetadata {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Endpoints"))
	return meta
}

// read reads an object live. It leaves the object empty when there is none.
func (c *Controller) read(ctx context.Context, key types.NamespacedName, into client.Object) error {
	err := retry.Do(ctx, store.StandardPolicy(c.tuning.Load()), opReadLive, func(ctx context.Context) error {
		return client.IgnoreNotFound(c.live.Get(ctx, key, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s: %w", into, key, err)
	}
	return nil
}

// successorOf returns the name of the leader's successor according to the leader cache, empty when there is none. It returns nil when the
// successor is not known: nothing has been decided yet, or the cache names another leader than the slices.
func successorOf(record cache.Record, state leaderslice.State) *string {
	if !record.Decided || record.Leader.UID != state.Leader.UID {
		return nil
	}
	name := ""
	if record.Successor != nil {
		name = record.Successor.Name
	}
	return &name
}
