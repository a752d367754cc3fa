package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Options are the parameters of Setup.
type Options struct {
	// Namespace is Tanist's own, where the Certificate is.
	Namespace string
	// WebhookConfiguration is the name of the ValidatingWebhookConfiguration and of the MutatingWebhookConfiguration.
	WebhookConfiguration string
	// Serving provides the certificate of the webhook server. If it is a SelfManaged, Setup connects it and adds it to the manager. Otherwise
	// cert-manager issues the certificate.
	Serving Serving
	// Calls gets how the configurations call Tanist, at first and after each change.
	Calls func([]admissionregistrationv1.WebhookClientConfig)
	// Registerer registers the metrics.
	Registerer prometheus.Registerer
	// Recorder sends the Events. client-go's own would merge those with the same reason and different notes, and needs the right to patch Events.
	Recorder events.EventRecorder
}

// Serving is where the webhook server gets its certificate from: a certwatcher.CertWatcher or a SelfManaged.
type Serving interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	RegisterCallback(func(tls.Certificate))
}

// Setup adds the checks, which run on every replica, and the readiness check "trusted" to a manager.
func Setup(ctx context.Context, mgr manager.Manager, o Options) error {
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return fmt.Errorf("failed to register metrics of certificates: %w", err)
	}
	scheme, mapper, err := newAPIs()
	if err != nil {
		return fmt.Errorf("failed to register types of certificates: %w", err)
	}
	informers, err := newInformers(mgr, o, scheme, mapper)
	if err != nil {
		return fmt.Errorf("failed to create informers for certificates: %w", err)
	}
	c := &checks{
		trust: &trust{
			configuration: o.WebhookConfiguration, serving: o.Serving.GetCertificate, calls: o.Calls, metrics: metrics,
			validating: &latest[admissionregistrationv1.ValidatingWebhookConfiguration]{},
			mutating:   &latest[admissionregistrationv1.MutatingWebhookConfiguration]{},
		},
		changed: make(chan struct{}, 1),
		elected: mgr.Elected(), recorder: o.Recorder,
	}
	c.trust.untrusted.Store(new(notRead))
	if s, ok := o.Serving.(*SelfManaged); ok {
		err = c.addSelfManaged(ctx, mgr, informers, s, metrics, scheme, mapper)
	} else {
		i := &issuance{metrics: metrics, certificate: &latest[certmanagerv1.Certificate]{}}
		c.issuance = i.check
		err = follow(ctx, informers, &certmanagerv1.Certificate{}, i.certificate, c.wake)
	}
	for _, err := range []error{
		err,
		follow(ctx, informers, &admissionregistrationv1.ValidatingWebhookConfiguration{}, c.trust.validating, c.wake),
		follow(ctx, informers, &admissionregistrationv1.MutatingWebhookConfiguration{}, c.trust.mutating, c.wake),
		mgr.Add(everyReplica{informers}),
		mgr.Add(c),
		mgr.AddReadyzCheck("trusted", c.trust.ready),
	} {
		if err != nil {
			return fmt.Errorf("failed to add checks of certificates: %w", err)
		}
	}
	o.Serving.RegisterCallback(func(tls.Certificate) { c.wake() })
	return nil
}

// addSelfManaged connects the source of certificates with the objects, and has the checks report its failures.
func (c *checks) addSelfManaged(
	ctx context.Context, mgr manager.Manager, informers ctrlcache.Cache, s *SelfManaged, metrics *metrics,
	scheme *runtime.Scheme, mapper meta.RESTMapper,
) error {
	api, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: scheme, Mapper: mapper})
	if err != nil {
		return err
	}
	s.api, s.failed = api, c.wake
	c.issuance = (&selfIssuance{source: s, metrics: metrics}).check
	return errors.Join(
		follow(ctx, informers, &corev1.Secret{}, s.secret, s.wake),
		follow(ctx, informers, &admissionregistrationv1.ValidatingWebhookConfiguration{}, s.validating, s.wake),
		follow(ctx, informers, &admissionregistrationv1.MutatingWebhookConfiguration{}, s.mutating, s.wake),
		mgr.Add(s),
	)
}

// everyReplica is a cache that does not wait for the Lease. controller-runtime's cache of several objects does not implement
// LeaderElectionRunnable itself.
type everyReplica struct{ ctrlcache.Cache }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everyReplica) NeedLeaderElection() bool { return false }

// follow keeps the newest version of an object in l. It does not wait for the informer, because the API may not exist.
func follow[T any](ctx context.Context, informers ctrlcache.Cache, object client.Object, l *latest[T], changed func()) error {
	informer, err := informers.GetInformer(ctx, object, ctrlcache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	registration, err := informer.AddEventHandler(l.handler(changed))
	if err != nil {
		return err
	}
	l.synced = registration.HasSynced
	return nil
}
