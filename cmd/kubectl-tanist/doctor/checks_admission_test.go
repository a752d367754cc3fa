package doctor

import (
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

type (
	admissionV = admissionregistrationv1.ValidatingWebhookConfiguration
	admissionM = admissionregistrationv1.MutatingWebhookConfiguration
)

func TestAdmission(t *testing.T) {
	const secret = "Secret tanist-system/tanist-serving: "
	// serve has the replicas serve another certificate than the one that is trusted.
	serve := func(host string) func(*facts) {
		return func(f *facts) {
			certificate, key := selfSigned(t, host)
			f.secret.value.Data = map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key}
		}
	}
	run(t, map[string]test{
		"the mutating configuration is missing": {
			func(f *facts) { f.mutating = none[*admissionM]() },
			[]string{"failed webhooks: webhook drainwindow.tanist.dev: there is no MutatingWebhookConfiguration tanist-system-tanist; it must be installed, or --webhook-configuration must name another"},
		},
		"a webhook is missing": {
			func(f *facts) { f.validating.value.Webhooks = f.validating.value.Webhooks[1:] },
			[]string{"failed webhooks: webhook departures.tanist.dev: ValidatingWebhookConfiguration tanist-system-tanist has no such webhook; it must be installed"},
		},
		"the CA is not injected": {
			func(f *facts) {
				f.validating.value.Webhooks[0].ClientConfig.CABundle, f.mutating.value.Webhooks[0].ClientConfig.CABundle = nil, nil
			},
			[]string{"failed ca-injected: webhook configurations tanist-system-tanist: no caBundle in departures.tanist.dev, drainwindow.tanist.dev, so the API server skips them"},
		},
		"issuing fails": {
			func(f *facts) {
				f.certificate.value.Status.Conditions[0].Status, f.certificate.value.Status.Conditions[0].Message = "False", "no issuer"
			},
			[]string{"failed certificate: Certificate tanist-system/tanist-serving: it is not ready (): no issuer"},
		},
		"there is no Certificate": {
			func(f *facts) { f.certificate = none[*certmanagerv1.Certificate]() },
			[]string{"skipped certificate: there is no Certificate tanist-system/tanist-serving: something else than cert-manager may provide the certificate"},
		},
		"there is no Secret": {
			func(f *facts) { f.secret = none[*corev1.Secret]() },
			[]string{"failed trust: " + secret + "it does not exist, so no replica becomes ready"},
		},
		"the Secret has no certificate": {
			func(f *facts) { f.secret.value.Data = nil },
			[]string{"failed trust: " + secret + "it has no certificate with its key: tls: failed to find any PEM data in certificate input"},
		},
		"the certificate has expired": {
			func(f *facts) { f.now = gen.T0.Add(2 * time.Hour); f.leases.value[0].Spec.RenewTime.Time = f.now },
			[]string{"failed trust: " + secret + "the API server skips departures.tanist.dev, services.tanist.dev, tuning.tanist.dev, namespaces.tanist.dev, " +
				"drainwindow.tanist.dev: the certificate served expired at " + gen.T0.Add(time.Hour).UTC().Format(time.RFC3339) + "; it must be renewed"},
		},
		"the certificate is for another name": {
			func(f *facts) {
				serve("elsewhere.svc")(f)
				f.validating, f.mutating = read(validating(f.secret.value.Data[corev1.TLSCertKey])), read(mutating(f.secret.value.Data[corev1.TLSCertKey]))
			},
			[]string{"failed trust: " + secret + "the API server skips departures.tanist.dev, services.tanist.dev, tuning.tanist.dev, namespaces.tanist.dev, " +
				"drainwindow.tanist.dev: the certificate served is for elsewhere.svc; it must be for tanist.tanist-system.svc"},
		},
		"another CA is injected": {
			serve("tanist.tanist-system.svc"),
			[]string{"failed trust: " + secret + "the API server skips departures.tanist.dev, services.tanist.dev, tuning.tanist.dev, namespaces.tanist.dev, " +
				`drainwindow.tanist.dev: the caBundle does not hold the CA that issued the certificate served, "" with the key ; it must`},
		},
		"there is no secret in the path": {
			func(f *facts) { f.mutating.value.Webhooks[0].ClientConfig.Service.Path = nil },
			[]string{"warned secret-path: webhook configurations tanist-system-tanist: they have no secret, so Tanist trusts no call"},
		},
		"the user may read neither": {
			func(f *facts) {
				f.validating, f.mutating = denied[*admissionV]("webhook configurations"), denied[*admissionM]("webhook configurations")
				f.secret, f.certificate = denied[*corev1.Secret]("Secrets"), denied[*certmanagerv1.Certificate]("Certificates")
			},
			[]string{
				"skipped webhooks: may not read webhook configurations", "skipped ca-injected: may not read webhook configurations",
				"skipped certificate: may not read Certificates", "skipped trust: may not read webhook configurations",
				"skipped secret-path: may not read webhook configurations",
			},
		},
		"Tanist makes its certificates itself": {
			func(f *facts) {
				f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--self-managed-certificates"}
				f.selfManagedSecret, f.secret, f.certificate = f.secret, none[*corev1.Secret](), none[*certmanagerv1.Certificate]()
				f.rights.value = append(f.rights.value, right{attributes: authorizationv1.ResourceAttributes{Verb: "list", Group: "cert-manager.io"}})
			},
			[]string{"skipped certificate: Tanist makes its certificates itself"},
		},
		"it has not made one yet": {
			func(f *facts) {
				f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--self-managed-certificates"}
				f.selfManagedSecret = read(&corev1.Secret{})
			},
			[]string{
				"skipped certificate: Tanist makes its certificates itself",
				"failed trust: Secret tanist-system/tanist-self-managed: it has no certificate with its key: tls: failed to find any PEM data in certificate input",
			},
		},
		"Tanist is installed without admission": {
			func(f *facts) {
				f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--webhook-port=0"}
				f.validating, f.mutating, f.trial = none[*admissionV](), none[*admissionM](), none[trial]()
				f.rights.value = append(f.rights.value, right{attributes: authorizationv1.ResourceAttributes{Verb: "list", Group: "cert-manager.io"}})
			},
			[]string{
				"skipped webhooks: Tanist is installed without admission", "skipped ca-injected: Tanist is installed without admission",
				"skipped certificate: Tanist is installed without admission", "skipped trust: Tanist is installed without admission",
				"skipped secret-path: Tanist is installed without admission", "skipped webhook-answers: Tanist is installed without admission",
				"skipped deletions-admitted: Tanist is installed without admission",
			},
		},
	})
}

func TestTheTrialAndTheDeletions(t *testing.T) {
	with := func(change func(*trial)) func(*facts) { return func(f *facts) { change(&f.trial.value) } }
	run(t, map[string]test{
		"the API server does not reach a webhook": {
			with(func(x *trial) { x.refused = false; x.took = time.Second }),
			[]string{"failed webhook-answers: Service shop/web: the API server accepts what a webhook must refuse (after 1s): it does not reach Tanist, or skips it"},
		},
		"the answer is slow": {
			with(func(x *trial) { x.took = 700 * time.Millisecond }),
			[]string{"warned webhook-answers: Service shop/web: the answer took 700ms, and the API server waits for 1s"},
		},
		"something else refuses": {
			with(func(x *trial) { x.refused = false; x.other = "a policy" }),
			[]string{"warned webhook-answers: Service shop/web: something else refused the write first: a policy"},
		},
		"the user may not write": {
			func(f *facts) { f.trial = reading[trial]{unread: "may not patch Service shop/web"} },
			[]string{"skipped webhook-answers: may not patch Service shop/web"},
		},
		"there is nothing to write to": {
			func(f *facts) { f.trial = none[trial]() },
			[]string{"skipped webhook-answers: there is neither a Service that has opted in nor the ConfigMap tanist-tuning to try a write on"},
		},
		"deletions came without a call": {
			func(f *facts) {
				f.metrics["tanist-1"] = metrics(t, "# TYPE tanist_departures_unadmitted_total counter", "tanist_departures_unadmitted_total 2")
			},
			[]string{"warned deletions-admitted: Tanist: 2 leaders were deleted without a call of admission since the replicas started"},
		},
	})
}

func TestRights(t *testing.T) {
	lacks := func(a authorizationv1.ResourceAttributes) func(*facts) {
		return func(f *facts) { f.rights.value = []right{{attributes: a}} }
	}
	const account = "failed rights: ServiceAccount tanist-system/tanist: it may not "
	run(t, map[string]test{
		"one of the cluster": {lacks(authorizationv1.ResourceAttributes{Verb: "watch", Resource: "pods"}), []string{account + "watch pods"}},
		"one of a name in a namespace": {
			lacks(authorizationv1.ResourceAttributes{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: "tanist", Namespace: system}),
			[]string{account + "get leases.coordination.k8s.io tanist in namespace tanist-system"},
		},
		"one that only secure metrics need": {change: func(f *facts) {
			f.deployment.value.Spec.Template.Spec.Containers[0].Args = []string{"--metrics-secure=false"}
			lacks(authorizationv1.ResourceAttributes{Verb: "create", Group: "authentication.k8s.io", Resource: "tokenreviews"})(f)
		}},
		"one to read Leases, which a Service follows": {
			func(f *facts) {
				follows(gen.LeaseHeldBy("a1_x", "1"))(f)
				lacks(authorizationv1.ResourceAttributes{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases"})(f)
			},
			[]string{account + "watch leases.coordination.k8s.io"},
		},
		"one to read Leases in a namespace, where no Service follows one": {change: func(f *facts) {
			follows(gen.LeaseHeldBy("a1_x", "1"))(f)
			lacks(authorizationv1.ResourceAttributes{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases", Namespace: "bank"})(f)
		}},
		"one to read Leases, which no Service follows": {
			change: lacks(authorizationv1.ResourceAttributes{Verb: "watch", Group: "coordination.k8s.io", Resource: "leases"}),
		},
		"one that no Service asks for": {change: lacks(evictions)},
		"one that a Service asks for": {
			func(f *facts) {
				asking := f.services.value[0].DeepCopy()
				asking.Annotations[config.AfterHandoverKey] = config.AfterHandoverEvict
				f.services.value[0] = asking
				lacks(evictions)(f)
			},
			[]string{account + "create pods/eviction"},
		},
		"the user may not ask": {
			func(f *facts) { f.rights = reading[[]right]{unread: "may not create SubjectAccessReviews"} },
			[]string{"skipped rights: may not create SubjectAccessReviews"},
		},
	})
}
