package commands

import "maps"

// Reasons why commands do not run.
const (
	itself     = "The tests run on a cluster that it has brought up, with programs that it has built"
	ownCluster = "It brings up a cluster of its own, and a machine has room for one"
	hours      = "It takes hours"
	docker     = "It needs Docker and a registry"
	release    = "It needs the files of a release, which are made for six platforms from a commit without changes"
	registry   = "It needs a registry, and a tool that CI's machine lacks"
	kind       = "It needs kind"
)

// Documentation is how the commands of all pages are tried.
//
// A release is never installed, upgraded or uninstalled for real, since the cluster has one Tanist and the other tests need it: Helm and the
// API server check what they would write. TestHelmTakesOverTheManifest and TestAnUpgradeKeepsAChangedTuning install and upgrade for real.
var Documentation = Table{Pages: merged(firstSteps, usage, howTos, installation, certificates, runbooks, development), Rules: rules}

func merged(parts ...map[string]Page) map[string]Page {
	all := map[string]Page{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// rules are for commands that change nothing, on whatever page they are, and for Helm's.
var rules = []Entry{
	{Begins: "kubectl get "},
	{Begins: "kubectl describe "},
	{Begins: "kubectl logs "},
	{Begins: "kubectl rollout status "},
	{Begins: "kubectl tanist get "},
	{Begins: "kubectl tanist explain "},
	{Begins: "kubectl tanist history "},
	{Begins: "kubectl tanist doctor"},
	{Begins: "helm upgrade ", Replace: []string{"helm upgrade", "helm upgrade --dry-run=server"}},
	// A second release of this name can only be in another namespace.
	{Begins: "helm install ", Replace: []string{
		"helm install", "helm install --dry-run=server", "--namespace tanist-system", "--namespace tanist-docs"}},
}

// failedOpen is the metric of the API server that begins with the first call that fails.
var failedOpen = Entry{Begins: "kubectl get --raw /metrics | grep", MayFail: true}

// firstSteps are the pages that a user reads first.
var firstSteps = map[string]Page{
	"README.md": {Entries: []Entry{{Begins: "make demo", Test: "TestBench"}}},
	"docs/tutorial.md": {Entries: []Entry{
		{Begins: "make nodes"},
		{Begins: "make demo", Not: ownCluster},
		{Begins: "kubectl ", Test: "TestTutorial"},
		{Begins: "ip=", Test: "TestTutorial"},
		{Begins: "leader=", Test: "TestTutorial"},
		{Begins: "bin/tanist-cluster --name demo down", Test: "TestSimulatedNodes"},
		// The same on kind.
		{Begins: "GOOS=linux", Not: itself},
		{Begins: "go build", Not: itself},
		{Begins: "export PATH", Not: kind},
		{Begins: "image() {", Not: docker},
		{Begins: "image ", Not: docker},
		{Begins: "printf ", Not: kind},
		{Begins: "kind ", Not: kind},
		{Begins: "kubectl tanist doctor --wait 60s"},
	}},
}

// usage are the pages about what Tanist does, and about its plugin.
var usage = map[string]Page{
	"docs/usage.md": {
		Scene: shop + warehouse + spread, Set: leader, Replace: []string{"node-1", "$node"},
		Entries: []Entry{
			{Begins: "kubectl label namespace shop", Replace: []string{"tanist.dev/enabled=true", "tanist.dev/enabled=true --overwrite"}, Prints: "namespace/shop "},
			{Begins: "kubectl annotate service payments", Replace: []string{"tanist.dev/enabled=true", "tanist.dev/enabled=true --overwrite"}, Prints: "service/payments annotated"},
			{Begins: "kubectl wait", Prints: "condition met"},
			{Begins: "kubectl tanist get -n shop", Prints: `^SERVICE +LEADER +NODE +SUCCESSOR +TERM +SINCE +REASON +WARNINGS\npayments +payments-`},
			{Begins: "kubectl tanist explain", Prints: `(?s)^Service: +shop/payments\nLeader Service: payments-leader\nLeader: .*\nPods, in the order of succession:`},
			{Begins: "kubectl tanist history", Prints: `^TIME +FROM +TO +TERM +REASON +BY +TOOK\n`},
			{Begins: "kubectl tanist handover payments -n shop --dry-run", Prints: `(?s)^payments: payments-\S+ would lead after payments-\S+ \(dry run\)\n(√ [^\n]*\n?){9}$`},
			{Begins: "kubectl cordon node-1", Prints: "cordoned"},
			{Begins: "kubectl tanist handover --node node-1", Prints: "No leader is (left )?on node "},
			{Begins: "kubectl tanist report", Prints: `(?s)FILE +BYTES\n.*Wrote tanist-report-[0-9]+-[0-9]+\.zip`},
			{Begins: "kubectl port-forward", Test: "TestProfilesAreServedIfAskedFor"},
			{Begins: "go tool pprof", Test: "TestProfilesAreServedIfAskedFor"},
		},
	},
	"docs/dashboard.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "kubectl tanist dashboard -n shop", Watch: true, Replace: []string{"-n shop", "-n shop --no-browser"}, Prints: `^The dashboard is at http://127\.0\.0\.1:`},
			{Begins: "ssh ", Not: "It needs another machine"},
		},
	},
	"docs/doctor.md":  {Scene: shop, Entries: []Entry{{Begins: "kubectl tanist doctor -n shop", Prints: `(?m)^√ Tanist is installed$`}}},
	"docs/losses.md":  {Scene: shop, Entries: []Entry{{Begins: "kubectl annotate", Prints: "annotated"}, {Begins: "kubectl tanist get -A -o wide", Prints: "WATCHED"}}},
	"docs/tracing.md": {},
	"docs/grants.md": {
		Scene: shop,
		Entries: []Entry{
			{Begins: "curl --cacert", Test: "TestGrantsWithTokens"},
			{Begins: "curl ", Test: "TestGrants"},
			{Begins: "kubectl create configmap", Prints: "created"},
		},
	},
}
