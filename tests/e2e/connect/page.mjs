// A page of somebody else: @stacks/connect as it is published, for the test to play with.
import { connect, disconnect, getLocalStorage, isConnected, request } from "@stacks/connect";
import { Cl } from "@stacks/transactions";

window.dapp = { connect, disconnect, getLocalStorage, isConnected, request, Cl };
