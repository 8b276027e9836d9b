/** How programs call what they print: one row of names per house style, so that a log speaks one language. */
import type { Element } from "./told.ts";

export interface Names extends Element {
  readonly step: string;
  readonly epoch: string;
  readonly batch: string;
  readonly loss: string;
  readonly val: string;
  readonly lr: string;
  readonly gradNorm: string;
  readonly accuracy: string;
}

function names(half: 0 | 1, id: string, row: string): Names {
  const [step, epoch, batch, loss, val, lr, gradNorm, accuracy] = row.split(",") as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { id, half, step, epoch, batch, loss, val, lr, gradNorm, accuracy };
}

export const NAMES: readonly Names[] = [
  names(0, "plain", "step,epoch,batch,loss,val_loss,lr,grad_norm,acc"),
  names(0, "capital", "Step,Epoch,Batch,Loss,Val Loss,LR,Grad Norm,Accuracy"),
  names(0, "train-prefix", "iter,epoch,iter,train_loss,valid_loss,learning_rate,gnorm,train_acc"),
  names(
    0,
    "words",
    "iteration,epoch,minibatch,training loss,validation loss,learning rate,gradient norm,training accuracy",
  ),
  names(0, "cost", "iteration,epoch,batch,cost,validation cost,alpha,|grad|,accuracy"),
  names(0, "nll", "update,epoch,batch,nll,dev nll,lrate,gnorm,acc"),
  names(0, "total", "global_step,epoch,step,total_loss,eval_loss,lr,grad_norm,top1"),
  names(0, "average", "Iteration,Epoch,Batch,Avg Loss,Avg Val Loss,Lr,GradNorm,Acc@1"),
  names(
    0,
    "spanish",
    "paso,época,lote,pérdida,pérdida de validación,tasa de aprendizaje,norma del gradiente,exactitud",
  ),
  names(0, "chinese", "步数,轮次,批次,训练损失,验证损失,学习率,梯度范数,准确率"),
  names(1, "slashes", "trainer/step,epoch,batch,train/loss,val/loss,optim/lr,train/grad_norm,train/acc"),
  names(1, "short", "it,ep,mb,trn_loss,tst_loss,lr,gn,acc"),
  names(
    1,
    "cross-entropy",
    "Step,Epoch,Batch,cross entropy,held-out cross entropy,step size,grad norm,accuracy",
  ),
  names(1, "objective", "upd,pass,batch,objective,dev objective,eta,||g||,acc"),
  names(1, "mse", "n_iter,epoch,n_batch,MSE,MSE (val),lr,norm of gradient,R2"),
  names(1, "loss-mean", "Iters,Epoch,Iter,loss_mean,loss_val,base_lr,total_norm,prec1"),
  names(
    1,
    "camel",
    "globalStep,epochIndex,batchIndex,trainLoss,validationLoss,learningRate,gradientNorm,trainAccuracy",
  ),
  names(1, "shout", "STEP,EPOCH,BATCH,TRAIN LOSS,TEST LOSS,LEARNING RATE,GRAD NORM,ACC"),
  names(1, "german", "Schritt,Epoche,Stapel,Verlust,Validierungsverlust,Lernrate,Gradientennorm,Genauigkeit"),
  names(
    1,
    "french",
    "itération,époque,lot,perte,perte de validation,taux d'apprentissage,norme du gradient,précision",
  ),
];
