#include "sb/orchestration/orchestration.h"
#include "sb/transport/transport.h"

int main() { return sb::orchestration::answer() + sb::transport::answer() == 0 ? 1 : 0; }
