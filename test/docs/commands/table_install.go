package commands

// dryRun asks the API server what a command would do.
var dryRun = []string{"kubectl apply", "kubectl apply --dry-run=server"}

var installation = map[string]Page{
	"docs/installing.md": {
		Set: replica,
		Entries: []Entry{
			{Begins: "make build", Not: itself},
			{Begins: "export PATH", Not: itself},
			{Begins: "kubectl tanist rotate-secret", Replace: []string{"rotate-secret", "rotate-secret --dry-run=server"}, Prints: `secret changed \(server dry run\)`},
			{Begins: "GOOS=linux", Not: itself},
			{Begins: "go build", Not: itself},
			{Begins: "printf 'FROM scratch", Not: docker},
			{Begins: "docker ", Not: docker},
			{Begins: "kubectl create namespace tanist-system", Replace: []string{"tanist-system", "tanist-docs"}, Prints: "created"},
			{Begins: "kubectl label namespace tanist-system", Replace: []string{"tanist-system", "tanist-docs"}, Prints: "labeled"},
			{Begins: "tag=$(git rev-parse"},
			{Begins: "kubectl create secret docker-registry", Replace: []string{
				"kubectl create", "kubectl create --dry-run=server", "$REGISTRY_USER", "user", "$REGISTRY_PASSWORD", "password",
			}, Prints: `secret/registry created \(server dry run\)`},
			{Begins: "kubectl patch serviceaccount tanist", Replace: []string{"kubectl patch", "kubectl patch --dry-run=server"}, Prints: `serviceaccount/tanist patched`},
			{Begins: `sed "s|IMAGE_REPOSITORY:`, Replace: dryRun, Prints: "deployment.apps/tanist serverside-applied"},
			{Begins: "skopeo ", Not: registry},
			{Begins: "mkdir image", Not: release},
			{Begins: "tar ", Not: release},
			{Begins: "crane ", Not: registry},
			{Begins: "helm install tanist dist/", Not: release},
			{Begins: "kubectl apply --server-side --field-manager=helm -f dist/", Not: release},
			{Begins: "kind ", Not: kind},
			{Begins: "sed -E", Not: release},
			{Begins: "helm upgrade tanist deploy/chart", Test: "TestAnInstallationForSomeNamespaces"},
			{Begins: "kubectl krew", Not: "It needs krew and the files of a release"},
			{Begins: "kubectl get pods -n tanist-system", Prints: `(?s)1/1 +Running.*1/1 +Running`},
			{Begins: "kubectl get certificates -n tanist-system", Prints: `(?s)True.*True`},
			{Begins: "kubectl get validatingwebhookconfigurations", Prints: `^[A-Za-z0-9+/= ]+$`},
			{Begins: "kubectl create clusterrolebinding", Prints: "created"},
			{Begins: "kubectl get secret tanist-serving", After: "grep 'BEGIN CERTIFICATE' ca.crt\n"},
			{Begins: "kubectl create configmap tanist-ca", Before: "kubectl create namespace monitoring\n", Prints: "created"},
			{Begins: "helm uninstall", Replace: []string{"helm uninstall", "helm uninstall --dry-run"}},
			{Begins: "kubectl delete secret", Replace: []string{"kubectl delete", "kubectl delete --dry-run=server"}, Prints: `(?s)"tanist-ca" deleted.*"tanist-serving" deleted`},
		},
	},
	"docs/platforms.md": {Entries: []Entry{
		{Begins: "kubectl label namespace tanist-system", Replace: []string{"kubectl label", "kubectl label --dry-run=server"}, Prints: "labeled"},
		failedOpen,
	}},
	"docs/upgrading.md": {Entries: []Entry{
		{Begins: "kubectl get pods -n tanist-system -l 'app.kubernetes.io/name=tanist,!tanist.dev/rules'", Prints: "No resources found"},
	}},
}

// Tests that follow docs/certificates.md while pods are deleted, and count the calls that fail.
const (
	stolenCA            = "TestAStolenCAIsReplacedUnderDeletions"
	stolenSelfManagedCA = "TestAStolenSelfManagedCAIsReplacedUnderDeletions"
)

var certificates = map[string]Page{"docs/certificates.md": {Entries: []Entry{
	{Begins: "for name in tanist-ca tanist-serving", Test: stolenCA},
	{Begins: "kubectl patch secret tanist-self-managed", Test: "TestSelfManagedCertificatesRotateUnderDeletions"},
	{Begins: "kubectl delete secret tanist-ca", Test: stolenCA},
	{Begins: "until kubectl get secret tanist-ca", Test: stolenCA},
	{Begins: "new=$(kubectl get secret tanist-ca", Test: stolenCA},
	{Begins: "kubectl delete secret tanist-serving", Test: stolenCA},
	{Begins: "until kubectl get secret tanist-serving", Test: stolenCA},
	{Begins: "kubectl rollout restart deployment tanist", Prints: "restarted"},
	{Begins: "ca=$(kubectl get secret tanist-ca", Test: stolenCA},
	{Begins: "for kind in validatingwebhookconfiguration", Test: stolenCA},
	{Begins: "serving() {", Test: stolenSelfManagedCA},
	{Begins: "old=$(serving)", Test: stolenSelfManagedCA},
	{Begins: "until [ ", Test: stolenSelfManagedCA},
	{Begins: "ca=$(kubectl get secret tanist-self-managed", Test: stolenSelfManagedCA},
}}}
