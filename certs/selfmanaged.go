package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SelfManagedSecret is the name of the Secret in Tanist's own namespace. The chart creates it, without data: a right to create Secrets cannot
// be limited to a name.
const SelfManagedSecret = "tanist-self-managed"

// retryAfter is how long after a write that failed to try again.
const retryAfter = 5 * time.Second

// errNoCertificate is why a replica cannot serve yet.
var errNoCertificate = errors.New("the Secret " + SelfManagedSecret + " has no serving certificate yet")

// SelfManaged makes the certificates, publishes the CA in the webhook configurations and provides what to serve, all without cert-manager.
//
// It runs on every replica: during an upgrade the holder of the Lease may be of a version or a mode that makes no certificates. Each write
// names the resourceVersion that it is based on, so of two replicas that write at the same time one succeeds.
type SelfManaged struct {
	namespace string
	// hosts are further names that the certificate is to be for.
	hosts      []string
	secret     *latest[corev1.Secret]
	validating *latest[admissionregistrationv1.ValidatingWebhookConfiguration]
	mutating   *latest[admissionregistrationv1.MutatingWebhookConfiguration]
	api        client.Client
	// changed holds at most one change that has not been looked at yet.
	changed chan struct{}

	// serving is what to serve; nil until there is a certificate.
	serving atomic.Pointer[tls.Certificate]
	// failure is why the last write failed; nil if it did not.
	failure atomic.Pointer[string]
	// failed is called when that changes.
	failed func()
	// mu protects callbacks.
	mu        sync.Mutex
	callbacks []func(tls.Certificate)

	// published is the CA that every webhook trusts, and since when. Only Start's goroutine uses both.
	published      []byte
	publishedSince time.Time
}

// NewSelfManaged returns a source that has no certificate until Setup has connected it and the manager has started. The certificate is for the
// Service tanist, and for further hosts, which must be DNS names.
func NewSelfManaged(namespace string, hosts ...string) *SelfManaged {
	return &SelfManaged{
		namespace: namespace, hosts: hosts, changed: make(chan struct{}, 1),
		secret:     &latest[corev1.Secret]{},
		validating: &latest[admissionregistrationv1.ValidatingWebhookConfiguration]{},
		mutating:   &latest[admissionregistrationv1.MutatingWebhookConfiguration]{},
	}
}

// GetCertificate is for tls.Config. It returns an error while there is no certificate.
func (s *SelfManaged) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := s.serving.Load(); c != nil {
		return c, nil
	}
	return nil, errNoCertificate
}

// RegisterCallback has a function called after each change of what is served.
func (s *SelfManaged) RegisterCallback(changed func(tls.Certificate)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = append(s.callbacks, changed)
}

// wake triggers a look at the objects. It never blocks.
func (s *SelfManaged) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// NeedLeaderElection is false: see SelfManaged.
func (s *SelfManaged) NeedLeaderElection() bool { return false }

// Start looks at the objects after each change, and from time to time, until the context ends.
func (s *SelfManaged) Start(ctx context.Context) error {
	if !toolscache.WaitForCacheSync(ctx.Done(), s.secret.synced, s.validating.synced, s.mutating.synced) {
		return nil
	}
	for {
		wait := s.look(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
		case <-time.After(wait):
		}
	}
}

// look serves what the Secret has, and makes the writes that are due. It returns after how long to look again at the latest.
func (s *SelfManaged) look(ctx context.Context, now time.Time) time.Duration {
	secret, validating, mutating := s.secret.load(), s.validating.load(), s.mutating.load()
	if secret == nil {
		s.fail(fmt.Errorf("there is no Secret %s; the chart must be installed again, which creates it", SelfManagedSecret))
		return interval
	}
	s.serve(secret)
	wait, err := s.issue(ctx, secret, callsOf(validating, mutating), now)
	if err == nil {
		err = s.publish(ctx, secret.Data[caCertKey], validating, mutating, now)
	}
	if apierrors.IsConflict(err) { // another replica was first, and the informer brings what it wrote
		err = nil
	}
	if s.fail(err); err != nil {
		return retryAfter
	}
	if wait > 0 {
		return wait
	}
	return interval
}

// serve takes over the certificate in the Secret. A pair that does not fit together is not served; the one before is kept.
func (s *SelfManaged) serve(secret *corev1.Secret) {
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil { // somebody has taken it out, and another one is due
		return
	}
	if before := s.serving.Load(); before != nil && bytes.Equal(before.Certificate[0], pair.Certificate[0]) {
		return
	}
	s.serving.Store(&pair)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, callback := range s.callbacks {
		callback(pair)
	}
}

// fail remembers why a write failed, for the checks.
func (s *SelfManaged) fail(err error) {
	var text *string
	if err != nil {
		text = new(err.Error())
	}
	before := s.failure.Swap(text)
	if ptr.Deref(before, "") != ptr.Deref(text, "") {
		s.failed()
	}
}
