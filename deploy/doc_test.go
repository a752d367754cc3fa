// Package deploy_test renders the chart, as an installation does, and checks the objects. Tests that need Helm have the build tag chart,
// because the first of them compiles Helm, which takes longer than a test should.
package deploy_test
